"""The gradebook's database: one engine for each address, one transaction for each change."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from pathlib import Path

import nbgrader
from alembic.config import Config as AlembicConfig
from alembic.script import ScriptDirectory
from nbgrader.api import Base
from nbgrader.api import Course as CourseRow
from sqlalchemy import (
    Connection,
    DateTime,
    Engine,
    String,
    Text,
    create_engine,
    event,
    inspect,
    text,
)
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from sqlalchemy.pool import NullPool

from course_utils.grading.course import Course

BUSY_SECONDS = 60  # how long a write waits for another program's; nbgrader's take milliseconds
WRITES = "course_writes"
LOCK = 0x6C656172  # PostgreSQL's number of the lock that the writers of a course share
DEFAULT_COURSE = "default_course"  # nbgrader's preprocessors open the gradebook under this name


class _Base(DeclarativeBase):
    """The tables of this package, apart from nbgrader's."""


class CourseResult(_Base):
    """What the grader found in one submission, beside nbgrader's marks."""

    __tablename__ = "course_results"

    assignment: Mapped[str] = mapped_column(String(128), primary_key=True)
    student: Mapped[str] = mapped_column(String(128), primary_key=True)
    digest: Mapped[str] = mapped_column(Text)
    record: Mapped[str] = mapped_column(Text)
    graded_at: Mapped[datetime] = mapped_column(DateTime)


@contextmanager
def reading(course: Course) -> Iterator[Session]:
    """Give a session that only reads; the tables are made where they are missing."""
    engine = _prepared(course)
    with Session(engine) as session:
        yield session


@contextmanager
def writing(course: Course) -> Iterator[Session]:
    """Give a session whose changes are committed together at the end, or not at all."""
    engine = _prepared(course).execution_options(**{WRITES: True})
    with Session(engine, expire_on_commit=False) as session, session.begin():
        yield session


def check_version(course: Course) -> None:
    """Raise ValueError where the gradebook was made by another version of nbgrader."""
    with reading(course) as session:
        if not inspect(session.connection()).has_table("alembic_version"):
            return  # nbgrader makes none beside the tables of another program
        found = session.scalar(text("SELECT version_num FROM alembic_version"))
    if found != _head():
        raise ValueError(
            f"the gradebook is of another version of nbgrader ({found}, expected {_head()}): "
            "make a copy of it, then run `nbgrader db upgrade`"
        )


@cache
def _engine(url: str) -> Engine:
    """Return the engine of ``url``, which keeps no connection.

    A connection that stays open would be inherited by every process forked later, and those run
    students' code.
    """
    sqlite = make_url(url).get_backend_name() == "sqlite"
    try:
        arguments = {"timeout": BUSY_SECONDS} if sqlite else {}
        engine = create_engine(url, poolclass=NullPool, connect_args=arguments)
    except ImportError as error:
        raise ValueError(f"the driver of the gradebook's database is missing: {error}") from None
    event.listen(engine, "begin", _begin)
    if sqlite:
        event.listen(engine, "connect", _explicit_transactions)
    return engine


def _explicit_transactions(connection, _record: object) -> None:
    connection.isolation_level = None  # Python's sqlite3 would begin on its own, and too late


def _begin(connection: Connection) -> None:
    """Let a writer wait for other writers before it reads what it will change."""
    writes = connection.get_execution_options().get(WRITES)
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
    elif connection.dialect.name == "postgresql" and writes:
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({LOCK})")


def _prepared(course: Course) -> Engine:
    """Return the engine after the tables were made as nbgrader makes them."""
    engine = _engine(course.db_url)
    try:
        with engine.connect() as connection:
            if inspect(connection).has_table(CourseResult.__tablename__):
                return engine
        with engine.execution_options(**{WRITES: True}).begin() as connection:
            _create(connection, course.course_id)
    except DBAPIError as error:
        address = make_url(course.db_url).render_as_string(hide_password=True)
        reason = str(error.orig).strip().splitlines() or [type(error.orig).__name__]
        raise ValueError(f"the gradebook {address} could not be opened: {reason[0]}") from error
    return engine


def _create(connection: Connection, course_id: str) -> None:
    fresh = not inspect(connection).get_table_names()
    Base.metadata.create_all(connection)
    _Base.metadata.create_all(connection)
    if fresh:  # as nbgrader's Gradebook does, for `nbgrader db upgrade`
        connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)"))
        insert = text("INSERT INTO alembic_version (version_num) VALUES (:head)")
        connection.execute(insert, {"head": _head()})
    with Session(connection) as session:
        for name in filter(None, (course_id, DEFAULT_COURSE)):
            session.merge(CourseRow(id=name))
        session.flush()


@cache
def _head() -> str | None:
    """Return the version of nbgrader's tables, without the program `alembic` on the path."""
    settings = AlembicConfig()
    settings.set_main_option("script_location", str(Path(nbgrader.__file__).parent / "alembic"))
    return ScriptDirectory.from_config(settings).get_current_head()
