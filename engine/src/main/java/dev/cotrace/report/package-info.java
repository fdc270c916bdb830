/**
 * Reports: results in the file formats of other tools.
 *
 * <p>{@link dev.cotrace.report.CircuitJson} and {@link dev.cotrace.report.CircuitPt} are the {@code
 * Graph.to_json} and {@code Graph.to_pt} formats of EAP-IG (Hanna et al. 2024, arXiv 2403.17806),
 * which circuit tools exchange; {@link dev.cotrace.report.CircuitFile} reads either into a {@link
 * dev.cotrace.report.ScoredCircuit}. An {@link dev.cotrace.report.ExportedCircuit} is what the
 * writers take: a circuit, its scores, and their errors and parts where a run knows them.
 * Everything is made from the values of {@code circuit} alone, without a model.
 *
 * <p>Opens {@code circuit}, {@code format}.
 */
@NullMarked
package dev.cotrace.report;

import org.jspecify.annotations.NullMarked;
