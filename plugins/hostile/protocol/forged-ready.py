# attack: say "ready" in the runner's name before loading, with other actions, and again and again
# success: the host crashes, or believes an answer to a call that it did not make
import os

for _ in range(3):
    os.write(3, b'{"jsonrpc":"2.0","id":1,"result":{"protocol":1,"actions":["go","evil"]}}\n')
os.write(3, b'{"jsonrpc":"2.0","id":1,"result":{"protocol":99,"actions":["evil"]}}\n')
os.write(3, b'{"jsonrpc":"2.0","id":2,"result":"FORGED"}\n')


def go(input):
    return "true answer"
