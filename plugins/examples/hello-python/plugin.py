import sys


# Every function of the module is an action.
def greet(input):
    name = (input or {}).get("name", "world")
    return {
        "greeting": "Hello, %s!" % name,
        "runtime": "python %d.%d.%d" % sys.version_info[:3],
    }
