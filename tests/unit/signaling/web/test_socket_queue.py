"""What TCP holds back of a client that does not read, over a real connection."""

import asyncio
import socket

from signaling.web.socket_queue import unsent_bytes


async def test_what_the_kernel_swallowed_for_a_client_that_does_not_read_is_counted() -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    client = socket.create_connection(listener.getsockname())
    accepted, _ = listener.accept()
    _, writer = await asyncio.open_connection(sock=accepted)
    transport = writer.transport
    assert isinstance(transport, asyncio.Transport)
    with listener, client:
        assert unsent_bytes(transport) == 0
        written = 0
        while transport.get_write_buffer_size() == 0:  # until the kernel takes no more
            writer.write(bytes(65_536))
            written += 65_536
        held = unsent_bytes(transport)
        assert transport.get_write_buffer_size() < held <= written
        client.setblocking(True)
        received = 0
        while received < written:
            received += len(await asyncio.to_thread(client.recv, 1 << 20))
        async with asyncio.timeout(60):
            while unsent_bytes(transport):  # noqa: ASYNC110 - nobody announces an acknowledgement
                await asyncio.sleep(0.005)
        writer.close()
        await writer.wait_closed()
        assert unsent_bytes(transport) == 0
    assert unsent_bytes(None) == 0
