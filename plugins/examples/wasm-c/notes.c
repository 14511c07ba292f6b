/* A plugin as a WebAssembly component in C: it greets, keeps a note in its storage
 * and counts the lines of a file.
 *
 * `plugin.h` and what is behind it is made from wit/plugin.wit. Whoever is given a
 * value owns it: what comes in is freed here, what goes out is freed for us. */
#include "plugin.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef exports_ringfence_plugin_actions_error_t failed;
typedef ringfence_plugin_types_failure_t failure;

static const char *const NAMES[] = {"greet", "keep", "show", "lines", "calls"};
enum { COUNT = sizeof NAMES / sizeof *NAMES, PIECE = 1 << 20 };

static plugin_string_t text(const char *text) {
    plugin_string_t copy;
    plugin_string_dup(&copy, text);
    return copy;
}

static bool fail(failed *error, const char *message) {
    error->name.is_some = false;
    error->message = text(message);
    return false;
}

/* What Ringfence refused becomes the action's error. */
static bool refused(failed *error, failure *why) {
    error->name.is_some = true;
    error->name.val = why->code;
    error->message = why->message;
    /* Both have a new owner. */
    why->code = (plugin_string_t){0};
    why->message = (plugin_string_t){0};
    ringfence_plugin_types_failure_free(why);
    return false;
}

static bool greet(const plugin_string_t *input, plugin_string_t *answer) {
    static const char before[] = "{\"greeting\":\"Hello from C!\",\"you_said\":";
    size_t length = sizeof before - 1 + input->len + 1;
    answer->ptr = malloc(length);
    if (answer->ptr == NULL) abort();
    answer->len = length;
    memcpy(answer->ptr, before, sizeof before - 1);
    memcpy(answer->ptr + sizeof before - 1, input->ptr, input->len);
    answer->ptr[length - 1] = '}';
    return true;
}

static bool keep(const plugin_string_t *input, plugin_string_t *answer, failed *error) {
    plugin_string_t key;
    plugin_string_set(&key, "notes/last");
    ringfence_plugin_types_value_t note = {.tag = RINGFENCE_PLUGIN_TYPES_VALUE_JSON};
    note.val.json = *input;
    failure why;
    if (!ringfence_plugin_storage_set(&key, &note, &why)) return refused(error, &why);
    *answer = text("true");
    return true;
}

static bool show(plugin_string_t *answer, failed *error) {
    plugin_string_t key;
    plugin_string_set(&key, "notes/last");
    ringfence_plugin_storage_option_value_t found;
    failure why;
    if (!ringfence_plugin_storage_get(&key, &found, &why)) return refused(error, &why);
    if (found.is_some && found.val.tag == RINGFENCE_PLUGIN_TYPES_VALUE_JSON) {
        *answer = found.val.val.json;
    } else {
        ringfence_plugin_storage_option_value_free(&found);
        *answer = text("null");
    }
    return true;
}

/* The path is a text of JSON. Enough for one without escapes; a real plugin uses a
 * JSON library. */
static bool lines(const plugin_string_t *input, plugin_string_t *answer, failed *error) {
    if (input->len < 2 || input->ptr[0] != '"' || memchr(input->ptr, '\\', input->len))
        return fail(error, "give the path as a text");
    plugin_string_t path = {input->ptr + 1, input->len - 2};
    unsigned long long offset = 0, found = 0;
    for (bool end = false; !end;) {
        ringfence_plugin_files_chunk_t piece;
        failure why;
        if (!ringfence_plugin_files_read(&path, offset, PIECE, &piece, &why))
            return refused(error, &why);
        for (size_t at = 0; at < piece.content.len; at++) found += piece.content.ptr[at] == '\n';
        offset += piece.content.len;
        end = piece.end;
        ringfence_plugin_files_chunk_free(&piece);
    }
    char digits[24];
    snprintf(digits, sizeof digits, "%llu", found);
    *answer = text(digits);
    return true;
}

static bool calls(plugin_string_t *answer) {
    static unsigned count;
    char digits[24];
    snprintf(digits, sizeof digits, "%u", ++count);
    *answer = text(digits);
    return true;
}

void exports_ringfence_plugin_actions_list(plugin_list_string_t *names) {
    names->ptr = malloc(sizeof *names->ptr * COUNT);
    if (names->ptr == NULL) abort();
    names->len = COUNT;
    for (size_t at = 0; at < COUNT; at++) names->ptr[at] = text(NAMES[at]);
}

static bool is(const plugin_string_t *action, const char *name) {
    return action->len == strlen(name) && memcmp(action->ptr, name, action->len) == 0;
}

bool exports_ringfence_plugin_actions_call(plugin_string_t *action,
                                           exports_ringfence_plugin_actions_json_t *input,
                                           exports_ringfence_plugin_actions_json_t *answer,
                                           failed *error) {
    bool well = is(action, "greet")   ? greet(input, answer)
                : is(action, "keep")  ? keep(input, answer, error)
                : is(action, "show")  ? show(answer, error)
                : is(action, "lines") ? lines(input, answer, error)
                : is(action, "calls") ? calls(answer)
                                      : fail(error, "there is no such action");
    plugin_string_free(action);
    plugin_string_free(input);
    return well;
}
