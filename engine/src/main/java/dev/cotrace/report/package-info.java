/**
 * Reports: results in the file formats of other tools.
 *
 * <p>{@link dev.cotrace.report.CircuitJson} is the {@code Graph.to_json} format of EAP-IG (Hanna et
 * al. 2024, arXiv 2403.17806), which circuit tools exchange. Everything is made from the values of
 * {@code circuit} alone, without a model.
 *
 * <p>Opens {@code circuit}.
 */
@NullMarked
package dev.cotrace.report;

import org.jspecify.annotations.NullMarked;
