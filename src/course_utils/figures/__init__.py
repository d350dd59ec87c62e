"""Interactive figures: each is one Python class beside one JavaScript module.

`Explorer` shows pictures computed by the visible cell, selected by knobs; `Quiz` asks, and names
the mistake behind a wrong answer; `InteractiveFigure` is the base for a figure of one's own.
"""

from course_utils.figures.backprop_steps import BackpropPass, BackpropSteps
from course_utils.figures.base import InteractiveFigure
from course_utils.figures.box_pair import BoxPair
from course_utils.figures.confusion_gallery import ConfusionGallery
from course_utils.figures.conv_stepper import ConvStepper
from course_utils.figures.course_map import CourseMap, Node
from course_utils.figures.detection_threshold import DetectionThreshold
from course_utils.figures.digit_pad import DigitPad
from course_utils.figures.explorer import Explorer
from course_utils.figures.float_bits import FloatBits
from course_utils.figures.kinks import Kinks
from course_utils.figures.marks import Bars, Frame, Heat, Line, Panel, Points
from course_utils.figures.network_drawer import NetworkDrawer
from course_utils.figures.norm_cube import NormCube
from course_utils.figures.online_softmax import OnlineSoftmax
from course_utils.figures.quiz import Matching, Option, Question, Quiz
from course_utils.figures.receptive_field import ReceptiveField
from course_utils.figures.score_field import ScoreField
from course_utils.figures.soft_lookup import SoftLookup
from course_utils.figures.strided_view import StridedView
from course_utils.figures.timeline import Event, Timeline
from course_utils.figures.trace import Trace
from course_utils.figures.xor import XorPlayground
from course_utils.figures.zero_shot import ZeroShot

__all__ = [
    "BackpropPass",
    "BackpropSteps",
    "Bars",
    "BoxPair",
    "ConfusionGallery",
    "ConvStepper",
    "CourseMap",
    "DetectionThreshold",
    "DigitPad",
    "Event",
    "Explorer",
    "FloatBits",
    "Frame",
    "Heat",
    "InteractiveFigure",
    "Kinks",
    "Line",
    "Matching",
    "NetworkDrawer",
    "Node",
    "NormCube",
    "OnlineSoftmax",
    "Option",
    "Panel",
    "Points",
    "Question",
    "Quiz",
    "ReceptiveField",
    "ScoreField",
    "SoftLookup",
    "StridedView",
    "Timeline",
    "Trace",
    "XorPlayground",
    "ZeroShot",
]
