// What all figures of a run share: its edges, and what is chosen of them.

const graph = data.graph;

/** What has a score: an edge, or another unit, which is named after its node. */
const ofEdges = graph.level === 'edge';
const {noun, nouns} = graph;

/** Whether some nodes are cut into neurons or features, and others are not. */
const mixed = Boolean(graph.edges.cut);

const capital = text => text[0].toUpperCase() + text.slice(1);

const PARTS = [
  ['total', 'total'],
  ['through', 'through the words'],
  ['direct', 'around the words'],
];

/** Edges of the run's circuit that are on this page: of a large circuit not all. */
const circuitSize = d3.sum(graph.edges.circuit);

// More than this is a thicket to begin with; the slider has them all.
const FEW_EDGES = 150;

Object.assign(state, {
  part: 'total',
  edges: Math.min(FEW_EDGES, graph.complete_to, Math.max(1, circuitSize)),
  circuitOnly: circuitSize === data.metrics.circuit.edges && circuitSize <= Math.min(FEW_EDGES, graph.complete_to),
  cutOnly: false,
  view: 'layers',
  selected: null,
  pinned: [],
  groups: [],
  search: '',
  bin: null,
});

const sourceName = index => graph.nodes[index].name;

function edgeName(source, target) {
  const slot = graph.slots[target];
  return sourceName(source) + '→' + graph.targets[target] + (slot === 'in' ? '' : '<' + slot + '>');
}

/** The name of entry `i` of a list of edges or other units. */
const unitName = (list, i) => ofEdges ? edgeName(list.source[i], list.target[i]) : list.name[i];

/** Edges of the page, or its other units, as objects, by falling |total|. */
const edges = graph.edges.source.map((source, i) => ({
  source,
  from: sourceName(source),
  to: ofEdges ? graph.targets[graph.edges.target[i]] : graph.edges.name[i],
  slot: ofEdges ? graph.slots[graph.edges.target[i]] : 'in',
  name: unitName(graph.edges, i),
  total: [graph.edges.total[i], graph.edges.total_error[i]],
  direct: [graph.edges.direct[i], graph.edges.direct_error[i]],
  through: [graph.edges.through[i], graph.edges.through_error[i]],
  q: graph.edges.q[i],
  inclusion: graph.edges.inclusion[i],
  inCircuit: graph.edges.circuit[i] === 1,
  cut: mixed && graph.edges.cut[i] === 1,
}));

const ranked = Object.fromEntries(
  PARTS.map(([part]) => [part, d3.sort(edges, edge => -Math.abs(edge[part][0]))]));

/** The edges that figures show now: the strongest of the chosen part. */
function shownEdges() {
  return ranked[state.part].filter(edge => (!state.circuitOnly || edge.inCircuit) && (!state.cutOnly || edge.cut)).slice(0, state.edges);
}

/** All that is known of an edge or a component, in lines. */
function told(thing, bound = false) {
  const lines = [thing.name];
  for (const [part, label] of PARTS) if (thing[part]) lines.push(label + ': ' + estimate(thing[part], bound));
  if (thing.q !== undefined) lines.push('q-value: ' + qValue(thing.q));
  if (thing.inclusion !== undefined && thing.inclusion !== null) {
    lines.push(`in the top ${metrics().stability?.top_n ?? 'n'} of ${Math.round(100 * thing.inclusion)} % of resamples`);
  }
  return lines.join('\n');
}

const metrics = () => data.metrics;
