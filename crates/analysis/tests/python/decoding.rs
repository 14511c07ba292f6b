//! Text that had to be decoded.

use crate::{Case, check_all};

const CASES: &[Case] = &[
    (
        "base64",
        "import base64\nexec(base64.b64decode('aW1wb3J0IG9zO29zLnN5c3RlbSgnaWQnKQ==').decode('utf-8'))",
        &["Shell py:os.system id Base64"],
    ),
    (
        "base64 in pieces",
        "import base64\na='aW1wb3J0IG9zO29z'\nb='LnN5c3RlbSgnaWQnKQ=='\nexec(base64.b64decode(a+b))",
        &["Shell py:os.system id Base64"],
    ),
    (
        "hexadecimal",
        "exec(bytes.fromhex('696d706f7274206f733b6f732e73797374656d282769642729').decode())",
        &["Shell py:os.system id Hexadecimal"],
    ),
    (
        "unhexlify",
        "import binascii\nexec(binascii.unhexlify('696d706f7274206f733b6f732e73797374656d282769642729'))",
        &["Shell py:os.system id Hexadecimal"],
    ),
    (
        "rot13",
        "import codecs\nexec(codecs.decode('vzcbeg bf;bf.flfgrz(\"vq\")', 'rot13'))",
        &["Shell py:os.system id Rotation"],
    ),
    (
        "codecs and hexadecimal",
        "import codecs\nexec(codecs.decode('696d706f7274206f733b6f732e73797374656d282769642729', 'hex'))",
        &["Shell py:os.system id Hexadecimal"],
    ),
    ("reversed", "exec(')\"di\"(metsys.so;so tropmi'[::-1])", &["Shell py:os.system id Reversal"]),
    (
        "reversed by a function",
        "exec(''.join(reversed(')\"di\"(metsys.so;so tropmi')))",
        &["Shell py:os.system id Reversal"],
    ),
    (
        "character codes",
        "exec(''.join(chr(x) for x in [105,109,112,111,114,116,32,111,115,59,111,115,46,115,121,115,116,101,109,40,39,105,100,39,41]))",
        &["Shell py:os.system id CharacterCodes"],
    ),
    (
        "bytes of numbers",
        "exec(bytes([105,109,112,111,114,116,32,111,115,59,111,115,46,115,121,115,116,101,109,40,39,105,100,39,41]))",
        &["Shell py:os.system id CharacterCodes"],
    ),
    (
        "exclusive or in a comprehension",
        "k=7\nexec(''.join(chr(ord(c)^k) for c in 'njwhus\\'ht<ht)t~tsbj/ nc .'))",
        &["DynamicCode py:builtins.exec Xor import_os"],
    ),
    (
        "exclusive or in a loop",
        "d=[ord(c)^3 for c in 'import os;os.system(\"id\")']\nout=''\nfor x in d:\n    out += chr(x ^ 3)\nexec(out)",
        &["Shell py:os.system id Xor"],
    ),
    (
        "exclusive or with a key that repeats",
        "def enc(d, k):\n    return bytes([b ^ k[i % len(k)] for i, b in enumerate(d)])\nexec(enc(enc(b'import os;os.system(\"id\")', b'key'), b'key'))",
        &["Shell py:os.system id Xor"],
    ),
    (
        "exclusive or in place",
        "d = bytearray(b'jnslqw#lp8lp-pzpwfn+!jg!*')\nfor i in range(len(d)):\n    d[i] ^= 3\nexec(d.decode())",
        &["DynamicCode py:builtins.exec import_os"],
    ),
    (
        "a loop with while",
        "s='1101 2'\nout=''\ni=0\nd='jnqpsu'\nwhile i < len(d):\n    out += chr(ord(d[i])-1)\n    i += 1\nexec(out)",
        &["DynamicCode py:builtins.exec import"],
    ),
    (
        "zlib",
        "import zlib,base64\nexec(zlib.decompress(base64.b64decode('eJzLzC3ILypRyC+2zi/WK64sLknN1VDKTFHSBAB9Wwjw')))",
        &["Shell py:os.system id Compression Base64"],
    ),
    (
        "a lambda that decodes and reverses",
        "_ = lambda __ : __import__('zlib').decompress(__import__('base64').b64decode(__[::-1]))\nexec((_)(b'wjwW9BABSHFTKDV1NnkLs46KW/iz2+CyRpyLI3CzLzJe'))",
        &["Shell py:os.system id Compression Base64"],
    ),
    (
        "translate",
        "t = str.maketrans('abc', 'osx')\n__import__('ab'.translate(t)).system('id')",
        &["Shell py:os.system id"],
    ),
    (
        "format",
        "__import__('{}{}'.format('o','s')).system('{1}{0}'.format('d','i'))",
        &["Shell py:os.system id"],
    ),
    (
        "percent",
        "__import__('%s%s' % ('o','s')).system('%c%c' % (105, 100))",
        &["Shell py:os.system id"],
    ),
    ("an f-string", "a='o'\n__import__(f'{a}s').system(f'{\"i\"}d')", &["Shell py:os.system id"]),
    (
        "replace",
        "__import__('o@s'.replace('@','')).system('i#d'.replace('#',''))",
        &["Shell py:os.system id"],
    ),
    (
        "split and join",
        "__import__(''.join('o-s'.split('-'))).system('id')",
        &["Shell py:os.system id"],
    ),
    ("every second letter", "__import__('oxsx'[::2]).system('id')", &["Shell py:os.system id"]),
    ("strip", "__import__('  os  '.strip()).system('id')", &["Shell py:os.system id"]),
    (
        "numbers of text",
        "__import__(chr(int('6f',16))+chr(int('163',8))).system('id')",
        &["Shell py:os.system id"],
    ),
    (
        "a large number",
        "exec((661779123604962330906340743551380262272507754004428743778857).to_bytes(25,'big'))",
        &["Shell py:os.system id CharacterCodes"],
    ),
    (
        "escapes",
        "exec('\\x69\\x6d\\x70\\x6f\\x72\\x74\\x20\\x6f\\x73\\x3b\\x6f\\x73\\x2e\\x73\\x79\\x73\\x74\\x65\\x6d\\x28\\x22\\x69\\x64\\x22\\x29')",
        &["Shell py:os.system id Escapes"],
    ),
    (
        "a table of strings",
        "T=['id','system','os']\ndef g(i):\n    return T[i-3]\ngetattr(__import__(g(5)), g(4))(g(3))",
        &["Shell py:os.system id"],
    ),
    (
        "a decoder that is called often",
        "def d(s):\n    r=''\n    for c in s:\n        r += chr(ord(c)-1)\n    return r\ngetattr(__import__(d('pt')), d('tztufn'))(d('je'))",
        &["Shell py:os.system id"],
    ),
    (
        "a recursive decoder",
        "def d(s):\n    if not s:\n        return ''\n    return chr(ord(s[0])-1) + d(s[1:])\ngetattr(__import__(d('pt')), d('tztufn'))('id')",
        &["Shell py:os.system id"],
    ),
    (
        "a dictionary of letters",
        "m={'1':'o','2':'s'}\n__import__(''.join(m[c] for c in '12')).system('id')",
        &["Shell py:os.system id"],
    ),
    (
        "json",
        "import json\n__import__(json.loads('[\"os\"]')[0]).system('id')",
        &["Shell py:os.system id"],
    ),
    (
        "base32 and base85",
        "import base64\nexec(base64.b32decode('NFWXA33SOQQG64Z3N5ZS443ZON2GK3JIE5UWIJZJ'))",
        &["Shell py:os.system id"],
    ),
    (
        "base64 by codecs",
        "import codecs\nexec(codecs.decode(b'aW1wb3J0IG9zO29zLnN5c3RlbSgnaWQnKQ==', 'base64'))",
        &["Shell py:os.system id Base64"],
    ),
    (
        "a hidden address",
        "import base64, requests\nrequests.get(base64.b64decode('aHR0cDovL2UuZXhhbXBsZS9w').decode())",
        &["Request pypi:requests.get http://e.example/p Base64"],
    ),
    (
        "a hidden command",
        "import os,base64\nos.system(base64.b64decode('aWQ=').decode())",
        &["Shell py:os.system id Base64"],
    ),
    (
        "eval of a byte string of escapes",
        "eval(b'\\x5f\\x5f\\x69\\x6d\\x70\\x6f\\x72\\x74\\x5f\\x5f\\x28\\x22\\x6f\\x73\\x22\\x29\\x2e\\x73\\x79\\x73\\x74\\x65\\x6d\\x28\\x22\\x69\\x64\\x22\\x29')",
        &["Shell py:os.system id Escapes"],
    ),
    (
        "text in a variable far away",
        "class C:\n    p = 'aWQ='\n    @staticmethod\n    def g():\n        import base64\n        return base64.b64decode(C.p).decode()\nimport os\nos.system(C.g())",
        &["Shell py:os.system id"],
    ),
];

#[test]
fn what_was_encoded_is_decoded_and_said_to_have_been() {
    check_all(CASES);
}
