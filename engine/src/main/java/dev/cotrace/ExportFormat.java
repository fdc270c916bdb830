package dev.cotrace;

import dev.cotrace.report.EdgeChoice;
import dev.cotrace.report.MibCell;
import dev.cotrace.report.MibSubmission;
import org.jspecify.annotations.Nullable;

/** What a circuit, or a run, is written as, with what that format asks for. */
public sealed interface ExportFormat {
  /** EAP-IG's JSON. */
  record EapIg() implements ExportFormat {
    @Override
    public String ending() {
      return ".eap-ig.json";
    }
  }

  /** EAP-IG's {@code torch.save} archive. */
  record Pt() implements ExportFormat {
    @Override
    public String ending() {
      return ".pt";
    }
  }

  /**
   * A folder of a submission to the Mechanistic Interpretability Benchmark.
   *
   * @param cell whose folder it is; folders of other cells may lie beside it
   */
  record Mib(MibCell cell, MibSubmission submission) implements ExportFormat {
    @Override
    public String ending() {
      return ".mib";
    }
  }

  /**
   * An attribution graph for Neuronpedia and circuit-tracer.
   *
   * @param scan the model's name there; null for the name of its file
   * @param slug the graph's name there; null for the name of the run
   * @param mostLinks the strongest are written
   */
  record Neuronpedia(@Nullable String scan, @Nullable String slug, int mostLinks)
      implements ExportFormat {
    /** Far more crash the viewers; this many make some 50 MB. */
    private static final int MOST = 200_000;

    /** Refuses files that no viewer opens. */
    public Neuronpedia {
      if (mostLinks < 1 || mostLinks > MOST) {
        throw new IllegalArgumentException(
            "--max-links must be from 1 to %d, got %d".formatted(MOST, mostLinks));
      }
    }

    @Override
    public String ending() {
      return ".neuronpedia.json";
    }
  }

  /** A picture for Graphviz. */
  record Dot(EdgeChoice edges) implements ExportFormat {
    @Override
    public String ending() {
      return ".dot";
    }
  }

  /** A table of edges. */
  record Csv(EdgeChoice edges) implements ExportFormat {
    @Override
    public String ending() {
      return ".csv";
    }
  }

  /** A graph for NetworkX, Gephi, Cytoscape and others. */
  record GraphMl(EdgeChoice edges) implements ExportFormat {
    @Override
    public String ending() {
      return ".graphml";
    }
  }

  /** A folder of event files, of a run. */
  record TensorBoard() implements ExportFormat {
    @Override
    public String ending() {
      return ".tensorboard";
    }
  }

  /** Of the file's name, where none is given. */
  String ending();
}
