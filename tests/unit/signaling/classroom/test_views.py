import pytest

from signaling.classroom.parts.part import CommandRefused
from signaling.classroom.views import check_view
from signaling.classroom.wire import MAX_SLOTS, SlotView
from tests.unit.signaling.classroom.rooms import room


@pytest.mark.parametrize(
    ("slots", "field"),
    [
        ((SlotView(-1),), "slots[0].slot"),
        ((SlotView(0), SlotView(0)), "slots[1].slot"),
        ((SlotView(MAX_SLOTS),), "slots[0].slot"),
        ((SlotView(0, "lead.camera", "x"),), "slots[0].max_layer"),
        ((SlotView(0, "lead.camera", "h", 0),), "slots[0].max_height"),
        ((SlotView(0, "room-z.camera"),), "slots[0].source_id"),
        ((SlotView(0, "lead.microphone"),), "slots[0].source_id"),
        ((SlotView(0, ".camera"),), "slots[0].source_id"),
        (tuple(SlotView(i) for i in range(17)), "slots"),
    ],
)
def test_a_bad_view_is_refused_by_the_field(slots: tuple[SlotView, ...], field: str) -> None:
    with pytest.raises(CommandRefused) as caught:
        check_view(room(), slots)
    assert (caught.value.field, caught.value.code[:3]) in {(field, "bad"), (field, "unk")}
