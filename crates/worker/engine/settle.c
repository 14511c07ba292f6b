// How a call ends: promises that are waited for, errors that are described.
// Part of engine.c.

// Promises that were rejected and that nobody looks at, with why.
typedef struct Rejection {
    JSValue promise, reason;
    struct Rejection *next;
} Rejection;
static Rejection *rejections;

static void track_rejection(JSContext *ctx, JSValueConst promise, JSValueConst reason,
                            bool is_handled, void *opaque) {
    (void)opaque;
    if (!is_handled) {
        Rejection *entry = malloc(sizeof(*entry));
        if (!entry) return;
        entry->promise = js_dup(promise);
        entry->reason = js_dup(reason);
        entry->next = rejections;
        rejections = entry;
        return;
    }
    for (Rejection **at = &rejections; *at; at = &(*at)->next) {
        Rejection *entry = *at;
        if (JS_VALUE_GET_PTR(entry->promise) != JS_VALUE_GET_PTR(promise)) continue;
        *at = entry->next;
        JS_FreeValue(ctx, entry->promise);
        JS_FreeValue(ctx, entry->reason);
        free(entry);
        return;
    }
}

static void forget_rejections(void) {
    while (rejections) {
        Rejection *entry = rejections;
        rejections = entry->next;
        JS_FreeValue(context, entry->promise);
        JS_FreeValue(context, entry->reason);
        free(entry);
    }
}

// Replaces a promise, or anything with a `then`, by what becomes of it. Returns
// nonzero with an exception when it is rejected, when an error that nobody caught
// comes first, or when nothing is left that could settle it.
static int settle(JSValue *value) {
    if (!JS_IsObject(*value)) return 0;
    if (JS_PromiseState(context, *value) == JS_PROMISE_NOT_A_PROMISE) {
        JSValue then = JS_GetProperty(context, *value, JS_ATOM_then);
        if (JS_IsException(then)) return -1;
        bool waits = JS_IsFunction(context, then);
        JS_FreeValue(context, then);
        if (!waits) return 0;
        JSValue promise = js_promise_resolve(context, context->promise_ctor, 1, value, 0);
        if (JS_IsException(promise)) return -1;
        JS_FreeValue(context, *value);
        *value = promise;
    }
    for (;;) {
        JSPromiseStateEnum state = JS_PromiseState(context, *value);
        if (state == JS_PROMISE_FULFILLED) {
            JSValue promise = *value;
            *value = JS_PromiseResult(context, promise);
            JS_FreeValue(context, promise);
            return 0;
        }
        if (state == JS_PROMISE_REJECTED) {
            JS_Throw(context, JS_PromiseResult(context, *value));
            return -1;
        }
        if (JS_IsJobPending(runtime)) {
            JSContext *ran;
            if (JS_ExecutePendingJob(runtime, &ran) < 0) return -1;
            continue;
        }
        if (rejections) {
            JS_Throw(context, js_dup(rejections->reason));
            return -1;
        }
        JSValue more = JS_Call(context, prelude_tick, JS_UNDEFINED, 0, NULL);
        if (JS_IsException(more)) return -1;
        if (!JS_ToBool(context, more)) {
            throw_plain(JS_PLAIN_ERROR,
                        "the action waits for something that can no longer happen: "
                        "no timer and no request is left");
            return -1;
        }
    }
}

// Pointer and length of a text; the top bit says that it is an error.
static int64_t packed(const char *text, size_t len, bool error) {
    return (int64_t)((uint64_t)error << 63 | (uint64_t)(uintptr_t)text << 32 | (uint32_t)len);
}

static const char out_of_words[] =
    "{\"name\":\"InternalError\",\"message\":\"out of memory\"}";

static int64_t failed(void) {
    JSValue error = JS_GetException(context);
    // QuickJS throws null when there is no memory for an error.
    if (JS_IsNull(error) && memory_was_refused)
        return packed(out_of_words, sizeof(out_of_words) - 1, true);
    set_stack_limit();
    JSValue text = JS_Call(context, prelude_failure, JS_UNDEFINED, 1, &error);
    size_t len;
    const char *bytes = JS_IsException(text) ? NULL : JS_ToCStringLen(context, &len, text);
    JS_FreeValue(context, text);
    JS_FreeValue(context, error);
    if (!bytes) return packed(out_of_words, sizeof(out_of_words) - 1, true);
    last_answer = bytes;
    return packed(bytes, len, true);
}

static int64_t failed_with(const char *message) {
    throw_plain(JS_PLAIN_ERROR, "%s", message);
    return failed();
}

// A result with cycles or a BigInt.
static int64_t not_json(void) {
    JSValue error = JS_GetException(context);
    JSValue message = JS_IsObject(error) ? JS_GetPropertyStr(context, error, "message") : error;
    const char *text = JS_ToCString(context, message);
    JS_ThrowTypeError(context, "the result is not JSON: %s", text ? text : "");
    JS_FreeCString(context, text);
    if (JS_IsObject(error)) JS_FreeValue(context, message);
    JS_FreeValue(context, error);
    return failed();
}

static int64_t answer(JSValue text) {
    size_t len;
    const char *bytes = JS_ToCStringLen(context, &len, text);
    if (!bytes) return failed();
    last_answer = bytes;
    return packed(bytes, len, false);
}
