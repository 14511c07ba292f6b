# attack: answer one call twice, and once more as error and result together
# success: the second answer is taken for that of the next call
import os


def go(input):
    if input == "second":
        return "true answer"
    os.write(3, b'{"jsonrpc":"2.0","id":2,"result":"true answer"}\n')
    os.write(3, b'{"jsonrpc":"2.0","id":2,"result":"FORGED"}\n')
    os.write(3, b'{"jsonrpc":"2.0","id":2,"result":"FORGED","error":{"code":1,"message":"x"}}\n')
    return "FORGED"
