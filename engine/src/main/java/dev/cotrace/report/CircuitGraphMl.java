package dev.cotrace.report;

import dev.cotrace.circuit.Edge;
import dev.cotrace.circuit.Node;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import javax.xml.stream.XMLOutputFactory;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamWriter;

/**
 * The circuit in GraphML: all nodes with {@code kind}, {@code layer}, {@code head} and {@code
 * in_circuit}, the chosen edges with {@code slot}, their {@link EdgeColumns} and {@code
 * in_circuit}. Edges that differ in the slot alone are parallel and have ids of their own.
 */
public final class CircuitGraphMl {
  private static final String NAMESPACE = "http://graphml.graphdrawing.org/xmlns";

  private final XMLStreamWriter xml;
  private final ExportedCircuit exported;
  private final EdgeColumns columns;

  private CircuitGraphMl(XMLStreamWriter xml, ExportedCircuit exported) {
    this.xml = xml;
    this.exported = exported;
    columns = EdgeColumns.of(exported);
  }

  /** Writes all nodes and the chosen edges. */
  public static void write(Path file, ExportedCircuit exported, EdgeChoice choice)
      throws IOException {
    TextFile.write(
        file,
        out -> {
          try {
            XMLStreamWriter xml = XMLOutputFactory.newFactory().createXMLStreamWriter(out);
            new CircuitGraphMl(xml, exported).write(exported.cells(choice));
            xml.flush();
          } catch (XMLStreamException e) {
            throw new IOException(e);
          }
        });
  }

  private void write(int[] cells) throws XMLStreamException {
    xml.writeStartDocument("UTF-8", "1.0");
    newline();
    xml.writeStartElement("graphml");
    xml.writeDefaultNamespace(NAMESPACE);
    newline();
    keys();
    xml.writeStartElement("graph");
    xml.writeAttribute("id", "circuit");
    xml.writeAttribute("edgedefault", "directed");
    newline();
    for (Node node : exported.graph().nodes()) {
      write(node);
    }
    for (int cell : cells) {
      write(cell);
    }
    xml.writeEndElement();
    xml.writeEndElement();
    xml.writeEndDocument();
  }

  private void keys() throws XMLStreamException {
    key("node", "kind", "string");
    key("node", "layer", "int");
    key("node", "head", "int");
    key("node", "in_circuit", "boolean");
    key("edge", "slot", "string");
    for (String name : columns.names()) {
      key("edge", name, "double");
    }
    key("edge", "in_circuit", "boolean");
  }

  private void key(String domain, String name, String type) throws XMLStreamException {
    xml.writeEmptyElement("key");
    xml.writeAttribute("id", domain + "_" + name);
    xml.writeAttribute("for", domain);
    xml.writeAttribute("attr.name", name);
    xml.writeAttribute("attr.type", type);
    newline();
  }

  private void write(Node node) throws XMLStreamException {
    xml.writeStartElement("node");
    xml.writeAttribute("id", node.toString());
    switch (node) {
      case Node.Input _ -> data("node_kind", "input");
      case Node.Head(int layer, int head) -> {
        data("node_kind", "head");
        data("node_layer", String.valueOf(layer));
        data("node_head", String.valueOf(head));
      }
      case Node.Mlp(int layer) -> {
        data("node_kind", "mlp");
        data("node_layer", String.valueOf(layer));
      }
      case Node.Logits _ -> data("node_kind", "logits");
    }
    data("node_in_circuit", String.valueOf(exported.circuit().contains(node)));
    xml.writeEndElement();
    newline();
  }

  private void write(int cell) throws XMLStreamException {
    Edge edge = exported.graph().edge(cell);
    xml.writeStartElement("edge");
    xml.writeAttribute("id", edge.toString());
    xml.writeAttribute("source", edge.source().toString());
    xml.writeAttribute("target", edge.target().toString());
    data("edge_slot", edge.slot().label());
    for (Map.Entry<String, String> column : columns.at(cell).entrySet()) {
      if (!column.getValue().isEmpty()) {
        data("edge_" + column.getKey(), column.getValue());
      }
    }
    data("edge_in_circuit", String.valueOf(exported.circuit().contains(cell)));
    xml.writeEndElement();
    newline();
  }

  private void data(String key, String value) throws XMLStreamException {
    xml.writeStartElement("data");
    xml.writeAttribute("key", key);
    xml.writeCharacters(value);
    xml.writeEndElement();
  }

  private void newline() throws XMLStreamException {
    xml.writeCharacters("\n");
  }
}
