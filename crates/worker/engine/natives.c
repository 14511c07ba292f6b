// What the prelude cannot do in JavaScript. Part of engine.c.

#define NATIVE(name) \
    static JSValue name(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv)
#define UNUSED_THIS (void)this_val; (void)argc; (void)argv; (void)ctx

// request(text): the text of the answer.
NATIVE(native_request) {
    UNUSED_THIS;
    size_t len;
    const char *text = JS_ToCStringLen(ctx, &len, argv[0]);
    if (!text) return JS_EXCEPTION;
    int32_t size = host_request(text, len);
    JS_FreeCString(ctx, text);
    if (size < 0) return throw_plain(JS_PLAIN_ERROR, "the host did not answer");
    char *reply = js_malloc(ctx, (size_t)size + 1);
    if (!reply) return JS_EXCEPTION;
    host_take(reply);
    reply[size] = 0;
    // What the host says is JSON; parsed here, a plugin's own JSON.parse is not asked.
    JSValue value = JS_ParseJSON(ctx, reply, (size_t)size, "ringfence:reply");
    js_free(ctx, reply);
    return value;
}

// log(level, text)
NATIVE(native_log) {
    UNUSED_THIS;
    int32_t level;
    size_t len;
    if (JS_ToInt32(ctx, &level, argv[0])) return JS_EXCEPTION;
    const char *text = JS_ToCStringLen(ctx, &len, argv[1]);
    if (!text) return JS_EXCEPTION;
    host_log(level, text, len);
    JS_FreeCString(ctx, text);
    return JS_UNDEFINED;
}

NATIVE(native_now) {
    UNUSED_THIS;
    return js_float64(floor(host_now()));
}

NATIVE(native_sleep) {
    UNUSED_THIS;
    double ms;
    if (JS_ToFloat64(ctx, &ms, argv[0])) return JS_EXCEPTION;
    if (ms > 0) host_sleep(ms);
    return JS_UNDEFINED;
}

// random(bytes): fills a Uint8Array.
NATIVE(native_random) {
    UNUSED_THIS;
    size_t len;
    uint8_t *bytes = JS_GetUint8Array(ctx, &len, argv[0]);
    if (!bytes) return JS_EXCEPTION;
    if (len) host_random(bytes, len);
    return JS_UNDEFINED;
}

// Math.random: the state in the snapshot is the same for every call, so the first
// number of a call asks the host for a new one.
NATIVE(native_math_random) {
    UNUSED_THIS;
    if (!random_is_fresh) {
        host_random(&context->random_state, sizeof(context->random_state));
        if (context->random_state == 0) context->random_state = 1;
        random_is_fresh = true;
    }
    return js_math_random(ctx, JS_UNDEFINED, 0, NULL);
}

// encode(text): UTF-8. The prelude makes the text well-formed first.
NATIVE(native_encode) {
    UNUSED_THIS;
    size_t len;
    const char *text = JS_ToCStringLen(ctx, &len, argv[0]);
    if (!text) return JS_EXCEPTION;
    JSValue bytes = JS_NewUint8ArrayCopy(ctx, (const uint8_t *)text, len);
    JS_FreeCString(ctx, text);
    return bytes;
}

// Bytes of a well-formed character at `at`, or minus those of the longest start of
// one that has to be replaced as a whole (Unicode 3.9, table 3-7).
static int character(const uint8_t *at, size_t left) {
    uint8_t lead = at[0], low = 0x80, high = 0xBF;
    int size;
    if (lead < 0x80) return 1;
    if (lead >= 0xC2 && lead <= 0xDF) size = 2;
    else if (lead >= 0xE0 && lead <= 0xEF) size = 3;
    else if (lead >= 0xF0 && lead <= 0xF4) size = 4;
    else return -1;
    if (lead == 0xE0) low = 0xA0;
    if (lead == 0xED) high = 0x9F;
    if (lead == 0xF0) low = 0x90;
    if (lead == 0xF4) high = 0x8F;
    for (int n = 1; n < size; n++) {
        if ((size_t)n >= left || at[n] < low || at[n] > high) return -n;
        low = 0x80;
        high = 0xBF;
    }
    return size;
}

// decode(bytes, fatal, start): text, or null when it is fatal that it is none.
NATIVE(native_decode) {
    UNUSED_THIS;
    size_t len, size = 0;
    uint8_t *bytes = JS_GetUint8Array(ctx, &len, argv[0]);
    if (!bytes) return JS_EXCEPTION;
    bool fatal = JS_ToBool(ctx, argv[1]), whole = true;
    for (size_t at = 0; at < len;) {
        int n = character(bytes + at, len - at);
        whole = whole && n > 0;
        size += n > 0 ? (size_t)n : 3;
        at += (size_t)(n > 0 ? n : -n);
    }
    if (whole) return JS_NewStringLen(ctx, (const char *)bytes, len);
    if (fatal) return JS_NULL;
    char *text = js_malloc(ctx, size), *to = text;
    if (!text) return JS_EXCEPTION;
    for (size_t at = 0; at < len;) {
        int n = character(bytes + at, len - at);
        memcpy(to, n > 0 ? (const char *)bytes + at : "\xEF\xBF\xBD", n > 0 ? (size_t)n : 3);
        to += n > 0 ? n : 3;
        at += (size_t)(n > 0 ? n : -n);
    }
    JSValue value = JS_NewStringLen(ctx, text, size);
    js_free(ctx, text);
    return value;
}

// source(path): the text, or undefined.
NATIVE(native_source) {
    UNUSED_THIS;
    JSAtom atom = JS_ValueToAtom(ctx, argv[0]);
    JSValue text = JS_GetProperty(ctx, sources, atom);
    JS_FreeAtom(ctx, atom);
    return text;
}

// state(promise): what a promise of a module is: 0 waits, 1 fulfilled, 2 rejected.
NATIVE(native_state) {
    UNUSED_THIS;
    return js_int32(JS_PromiseState(ctx, argv[0]));
}

// result(promise): the value or the reason.
NATIVE(native_result) {
    UNUSED_THIS;
    return JS_PromiseResult(ctx, argv[0]);
}

static JSValue make_natives(void) {
    static const JSCFunctionListEntry list[] = {
        JS_CFUNC_DEF("request", 1, native_request),
        JS_CFUNC_DEF("log", 2, native_log),
        JS_CFUNC_DEF("now", 0, native_now),
        JS_CFUNC_DEF("sleep", 1, native_sleep),
        JS_CFUNC_DEF("random", 1, native_random),
        JS_CFUNC_DEF("mathRandom", 0, native_math_random),
        JS_CFUNC_DEF("encode", 1, native_encode),
        JS_CFUNC_DEF("decode", 2, native_decode),
        JS_CFUNC_DEF("script", 1, native_script),
        JS_CFUNC_DEF("module", 1, native_module),
        JS_CFUNC_DEF("looksLikeModule", 1, native_looks_like_module),
        JS_CFUNC_DEF("source", 1, native_source),
        JS_CFUNC_DEF("state", 1, native_state),
        JS_CFUNC_DEF("result", 1, native_result),
    };
    JSValue natives = JS_NewObject(context);
    JS_SetPropertyFunctionList(context, natives, list, countof(list));
    return natives;
}
