"""Pure rules of imports: what an answer may be."""

from __future__ import annotations

from signaling.timetable.imports.core.answers import WITHOUT
from signaling.timetable.imports.core.columns import Field
from signaling.timetable.imports.core.names import OPTIONAL
from signaling.timetable.imports.wire import ImportAnswer, ImportTopic


def is_sound(answer: ImportAnswer) -> bool:
    """Tell whether an answer has the form that its topic asks for.

    Whether its targets exist is seen when the file is read: an answer that names what is gone is
    asked again.
    """
    targets = answer.targets
    if answer.topic is ImportTopic.RECEIVERS:
        return WITHOUT not in targets or len(targets) == 1
    if len(targets) > 1:
        return False
    if answer.topic is ImportTopic.COLUMN:
        return not targets or targets[0] in set(Field)
    return WITHOUT not in targets or answer.topic in OPTIONAL
