/**
 * Readers and writers of other people's files: safetensors, GGUF, NumPy arrays, model
 * configurations, chat templates.
 *
 * <p>Nouns: a {@link dev.cotrace.format.TensorFile} is one opened, memory-mapped model; it holds
 * {@link dev.cotrace.format.StoredTensor}s, named blocks of bytes in a {@link
 * dev.cotrace.format.StoredType}. Shapes are in torch order (row-major, the last dimension is
 * contiguous) whatever the file says. A {@link dev.cotrace.format.TokenizerDescription} is all that
 * a model's files say about its tokenizer, a {@link dev.cotrace.format.ChatTemplate} turns messages
 * into a prompt. Everything here is plain Java values: no native library.
 *
 * <p>Files are hostile until proven sound: a reader checks every count, length and offset against
 * the file's size before it uses or allocates anything, and answers with a {@link
 * dev.cotrace.format.MalformedModelException}.
 *
 * <p>Doors: opens none.
 */
@NullMarked
package dev.cotrace.format;

import org.jspecify.annotations.NullMarked;
