# attack: answer with more than may be answered
# success: the host takes it
def go(input):
    return "x" * (10 << 20)
