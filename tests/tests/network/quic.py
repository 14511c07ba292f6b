"""A server of QUIC that says every stream back, at the address and port of its arguments.

Arguments: folder with host.pem and host.key, address, port.
"""
import asyncio
import sys

from aioquic.asyncio import serve
from aioquic.quic.configuration import QuicConfiguration

FOLDER, ADDRESS, PORT = sys.argv[1:4]


def stream(reader, writer):
    async def echo():
        writer.write(await reader.read())
        writer.write_eof()

    asyncio.ensure_future(echo())


async def main():
    configuration = QuicConfiguration(is_client=False, alpn_protocols=["echo"])
    configuration.load_cert_chain(FOLDER + "/host.pem", FOLDER + "/host.key")
    await serve(ADDRESS, int(PORT), configuration=configuration, stream_handler=stream)
    print("ready", flush=True)
    # Ends with whoever started it.
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


asyncio.run(main())
