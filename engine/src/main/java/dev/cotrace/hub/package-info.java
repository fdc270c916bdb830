/**
 * Models of the Hugging Face hub: what they are called, where they lie on this machine, and how
 * they get there.
 *
 * <p>Nouns: a {@link dev.cotrace.hub.HubReference} is what a user writes, {@code
 * org/name@revision}. The {@link dev.cotrace.hub.HubCache} is the directory that Python's {@code
 * huggingface_hub} reads and writes too; a {@link dev.cotrace.hub.CachedModel} is one commit in it.
 * The {@link dev.cotrace.hub.Hub} is the server; a {@link dev.cotrace.hub.Pull} brings a {@link
 * dev.cotrace.hub.Listing}'s chosen files into the cache. Everything that can go wrong is a {@link
 * dev.cotrace.hub.HubException}.
 *
 * <p>A server is hostile until proven sound: names of files, redirects, sizes and hashes are
 * checked, answers are bounded, and the user's token goes to the endpoint alone.
 *
 * <p>Opens {@code format}.
 */
@NullMarked
package dev.cotrace.hub;

import org.jspecify.annotations.NullMarked;
