"""Exercises of chapter 8: noise schedules, noising, its posterior, samplers, scores, guidance."""

from course_utils.feedback.exercises.diffusion_cosine import COSINE_BETAS
from course_utils.feedback.exercises.diffusion_ddim import DDIM_STEP
from course_utils.feedback.exercises.diffusion_ddpm import DDPM_STEP
from course_utils.feedback.exercises.diffusion_guidance import GUIDED_EPS
from course_utils.feedback.exercises.diffusion_noising import Q_SAMPLE
from course_utils.feedback.exercises.diffusion_posterior import POSTERIOR_MEAN_VARIANCE
from course_utils.feedback.exercises.diffusion_schedule import ALPHA_BAR
from course_utils.feedback.exercises.diffusion_score import GAUSSIAN_MIXTURE_SCORE

EXERCISES = [
    ALPHA_BAR,
    COSINE_BETAS,
    Q_SAMPLE,
    POSTERIOR_MEAN_VARIANCE,
    DDPM_STEP,
    DDIM_STEP,
    GAUSSIAN_MIXTURE_SCORE,
    GUIDED_EPS,
]
