/**
 * A sandboxed interpreter for the part of Jinja that chat templates use, with the semantics of
 * Python's jinja2 3.1 set up as the transformers library does: {@code trim_blocks}, {@code
 * lstrip_blocks}, loop controls, immutable sandbox, {@code tojson} without ASCII escapes.
 *
 * <p>Nouns: a {@link dev.cotrace.format.jinja.Template} is parsed once and rendered often; source
 * text becomes {@code Token}s, then {@code Statement}s and {@code Expression}s, and a run works on
 * {@code Value}s. A template can reach nothing but its variables, cannot change them, and runs
 * within a {@code Budget}. What the interpreter does not know, it refuses with the line number
 * ({@link dev.cotrace.format.jinja.TemplateException}); text inside variables is never parsed.
 *
 * <p>Doors: opens none.
 */
@NullMarked
package dev.cotrace.format.jinja;

import org.jspecify.annotations.NullMarked;
