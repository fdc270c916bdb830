// The circuit as a layered graph: controls, and the drawing of layer by component.

const SLOTS = [['query', 'q'], ['key', 'k'], ['value', 'v'], ['MLP or logits', 'in']];

/** Components with their names beside them, the strongest; the others tell theirs to the pointer. */
const MOST_NAMES = 60;

const place = new Map();
for (let layer = 0; layer < graph.layers; layer++) {
  for (let head = 0; head < graph.heads; head++) place.set(`a${layer}.h${head}`, {layer, head});
  place.set('m' + layer, {layer, mlp: true});
  // Heads that have features together.
  for (const name of [`a${layer}`, `z${layer}`]) if (graph.nodes.some(node => node.name === name)) place.set(name, {layer, head: 0, wide: true});
}

const nodes = new Map(graph.nodes.map(node => [node.name, node]));

/** The group that a component is drawn in, or itself. */
function drawnAs(name) {
  return state.groups.find(group => group.members.includes(name))?.name ?? name;
}

/** Where a component, or the middle of a group, is: columns from 0 to 1, rows from the bottom. */
function position(name) {
  const group = state.groups.find(one => one.name === name);
  if (group) {
    const all = group.members.map(position);
    return {x: d3.mean(all, p => p.x), y: d3.mean(all, p => p.y)};
  }
  if (name === 'input') return {x: .5, y: 0};
  if (name === 'logits') return {x: .5, y: graph.layers + 1};
  const {layer, head, mlp} = place.get(name);
  const columns = graph.heads + 1;
  return {x: ((mlp ? columns : head) + .5) / (columns + 1), y: layer + 1 + (mlp ? (graph.parallel ? 0 : .42) : 0)};
}

/** Shown edges between what is drawn; several that groups bring together are added up. */
function drawnEdges() {
  if (state.groups.length === 0) return shownEdges().map(edge => ({...edge, score: edge[state.part], bound: false}));
  const merged = new Map();
  for (const edge of shownEdges()) {
    const [from, to] = [drawnAs(edge.from), drawnAs(edge.to)];
    if (from === to) continue;
    const key = [from, to, edge.slot].join(' ');
    const one = merged.get(key) ?? {from, to, slot: edge.slot, name: `${from}→${to}` + (edge.slot === 'in' ? '' : `<${edge.slot}>`), score: [0, 0], count: 0};
    one.score = [one.score[0] + edge[state.part][0], one.score[1] + (edge[state.part][1] ?? NaN)];
    one.count++;
    one.only = edge;
    merged.set(key, one);
  }
  return [...merged.values()].map(one => one.count === 1 ? {...one.only, ...one, bound: false} : {...one, bound: true});
}

function toldOfDrawn(edge) {
  if (edge.total) return told(edge);
  const label = PARTS.find(([part]) => part === state.part)[1];
  return `${edge.name}\n${label}: ${estimate(edge.score, true)}\n${edge.count} edges together; the error is at most that`;
}

/** Paths of edges, the strongest on top; `at` says where each end is. */
function drawEdges(layer, all, at) {
  const largest = d3.max(all, edge => Math.abs(edge.score[0])) || 1;
  const width = d3.scaleSqrt([0, largest], [.6, 6]);
  for (const edge of d3.reverse(all)) {
    const [from, to] = at(edge);
    const touched = state.selected === null || edge.from === state.selected || edge.to === state.selected;
    const bend = Math.max(14, (from[1] - to[1]) * .45);
    const path = layer.append('path')
      .attr('d', `M${from[0]},${from[1]}C${from[0]},${from[1] - bend} ${to[0]},${to[1] + bend} ${to[0]},${to[1]}`)
      .attr('fill', 'none').attr('stroke', colour(edge.slot)).attr('stroke-linecap', 'round')
      .attr('stroke-width', width(Math.abs(edge.score[0])))
      .attr('stroke-dasharray', edge.score[0] < 0 ? '5 4' : null)
      .attr('stroke-opacity', touched ? .75 : .1).attr('data-hover', '').attr('data-edge', edge.name);
    hover(path.node(), () => toldOfDrawn(edge));
  }
}

/** A mark for a component: round for heads, square for the others. */
function drawNode(layer, name, x, y, score, largest, text, named = true) {
  const size = 4 + 8 * Math.sqrt(Math.abs(score ?? 0) / (largest || 1));
  const group = layer.append('g').attr('transform', `translate(${x},${y})`).attr('data-node', name);
  const found = state.search !== '' && name.toLowerCase().includes(state.search.toLowerCase());
  const chosen = name === state.selected || state.pinned.includes(name);
  const round = name.startsWith('a');
  group.append('rect').attr('x', -size).attr('y', -size).attr('width', 2 * size).attr('height', 2 * size).attr('rx', round ? size : 2)
    .attr('fill', diverging(largest)(score)).attr('stroke', found ? colour('mark') : colour(chosen ? 'accent' : 'quiet'))
    .attr('stroke-width', found || chosen ? 3 : 1);
  if (named || found || chosen) {
    // The halo keeps edges from running through the name.
    group.append('text').attr('y', -size - 3).attr('text-anchor', 'middle').attr('font-size', 10).attr('fill', colour('ink'))
      .attr('stroke', colour('back')).attr('stroke-width', 3).attr('stroke-linejoin', 'round').attr('paint-order', 'stroke').text(name);
  }
  pressable(group.node(), text().replace(/\n/g, ', '), () => change({selected: state.selected === name ? null : name}));
  hover(group.node(), text);
  return group;
}

function toldOfNode(name) {
  const node = nodes.get(name);
  if (node) return told(node) + `\n(sum over ${ofEdges ? 'the edges that leave it' : 'its ' + nouns})`;
  const group = state.groups.find(one => one.name === name);
  return group ? `${name}: ${group.members.join(', ')}` : name;
}

function scoreOf(name) {
  const group = state.groups.find(one => one.name === name);
  return group ? d3.sum(group.members, member => nodes.get(member)?.[state.part][0] ?? 0) : nodes.get(name)?.[state.part][0] ?? 0;
}

function drawLayers(svg, width) {
  const columns = graph.heads + 2;
  width = Math.max(width, columns * 42);
  const step = graph.layers > 16 ? 38 : 58;
  const height = (graph.layers + 1) * step + 60;
  svg.attr('width', width).attr('height', height);
  const at = name => {
    const p = position(name);
    return [40 + p.x * (width - 60), height - 28 - p.y * step];
  };
  for (let layer = 0; layer < graph.layers; layer++) {
    const y = height - 28 - (layer + 1) * step;
    svg.append('text').attr('x', 2).attr('y', y + 4).attr('fill', colour('quiet')).attr('font-size', 10).text('L' + layer);
    svg.append('path').attr('d', `M26,${y}H${width}`).attr('stroke', colour('line')).attr('stroke-width', .5);
  }
  const all = drawnEdges();
  const used = new Set(all.flatMap(edge => [edge.from, edge.to]).concat(state.pinned.map(drawnAs)));
  for (const name of place.keys()) {
    if (!used.has(name)) {
      const [x, y] = at(name);
      svg.append('circle').attr('cx', x).attr('cy', y).attr('r', 1.6).attr('fill', colour('line'));
    }
  }
  drawEdges(svg.append('g'), all, edge => [at(edge.from), at(edge.to)]);
  const largest = d3.max([...nodes.keys()], name => Math.abs(nodes.get(name)[state.part][0]));
  const marks = svg.append('g');
  const named = new Set(d3.sort(used, name => -Math.abs(scoreOf(name))).slice(0, MOST_NAMES).concat(['input', 'logits']));
  for (const name of d3.sort(used, name => position(name).y)) {
    drawNode(marks, name, ...at(name), scoreOf(name), largest, () => toldOfNode(name), named.has(name));
  }
}

/** Circuits of other sizes that were sampled from, by their number of edges. */
function measured() {
  const found = (data.evaluation?.circuits ?? []).map(one => ({edges: one.circuit.edges, name: one.name, faithfulness: one.circuit.faithfulness}));
  if (!found.some(one => one.edges === data.metrics.circuit.edges)) {
    found.push({edges: data.metrics.circuit.edges, name: 'the run\'s circuit', faithfulness: data.metrics.circuit.faithfulness});
  }
  // Several that were asked for may come to the same size: the first stands for them.
  return d3.sort(d3.groups(found, one => one.edges).map(([, [first]]) => first), one => one.edges);
}

/** What is known of the faithfulness of the edges shown. */
function measuredOf(shown) {
  if (state.cutOnly) return `${graph.pieces} alone were not sampled from`;
  const count = shown.length;
  const run = data.metrics.circuit;
  if (count === run.edges && shown.every(edge => edge.inCircuit)) {
    return `the run's circuit, whose measured faithfulness is ${estimate(run.faithfulness)}`;
  }
  const all = measured();
  const exact = all.find(one => one.edges === count);
  if (exact) {
    const others = count === graph.edge_count || !ofEdges ? '' : '; circuits leave out edges that lead nowhere, so some of its edges may be others than these';
    return `measured faithfulness of a circuit of this size: ${estimate(exact.faithfulness)}` + others;
  }
  const below = d3.greatest(all.filter(one => one.edges < count), one => one.edges);
  const above = d3.least(all.filter(one => one.edges > count), one => one.edges);
  const tell = one => one ? `${estimate(one.faithfulness)} at ${one.edges} ${nouns}` : null;
  const known = [tell(below), tell(above)].filter(one => one !== null);
  return 'measured faithfulness: ' + known.join(', ');
}

function slider() {
  const most = graph.complete_to;
  const scale = d3.scaleLog([1, Math.max(2, most)], [0, 1000]);
  const input = make('input', {type: 'range', id: 'size', min: 0, max: 1000, step: 1, 'aria-describedby': 'size-told',
    oninput: event => {
      const edges = Math.max(1, Math.min(most, Math.round(scale.invert(Number(event.target.value)))));
      change({edges, circuitOnly: state.circuitOnly && edges <= circuitSize});
    }});
  const output = make('output', {id: 'size-told', for: 'size', 'aria-live': 'polite'});
  const stops = make('span', {class: 'choice'});
  for (const one of measured().filter(each => each.edges > 0 && each.edges <= most)) {
    stops.append(make('button', {type: 'button', title: estimate(one.faithfulness), onclick: () => change({edges: one.edges, circuitOnly: one.edges === circuitSize})}, String(one.edges)));
  }
  follow(['edges', 'part', 'circuitOnly', 'cutOnly'], () => {
    input.value = scale(state.edges);
    const shown = shownEdges();
    const least = shown.length ? Math.abs(shown.at(-1)[state.part][0]) : 0;
    output.textContent = `${shown.length} of ${graph.edge_count} ${nouns}, |score| ≥ ${number(least)}; ${measuredOf(shown)}`;
    for (const stop of stops.children) stop.setAttribute('aria-pressed', Number(stop.textContent) === state.edges);
  });
  return [
    make('div', {class: 'controls'}, make('label', {for: 'size'}, capital(nouns)), input, make('span', {class: 'quiet'}, 'sizes sampled from: '), stops),
    make('p', {}, output)];
}

{
  const parent = section('circuit');
  const views = ofEdges && choice(make('span', {class: 'choice', role: 'radiogroup', 'aria-label': 'View'}), 'view',
    data.time ? [['layers', 'layer × component'], ['time', 'layer × time']] : [['layers', 'layer × component']]);
  const search = make('input', {type: 'search', id: 'search', placeholder: graph.nodes.at(-1).name, list: 'names', oninput: event => change({search: event.target.value.trim()}),
    onkeydown: event => {
      const found = [...nodes.keys(), 'logits'].find(name => name.toLowerCase() === event.target.value.trim().toLowerCase());
      if (event.key === 'Enter' && found) change({selected: found});
    }});
  const only = make('input', {type: 'checkbox', id: 'only', onchange: event => change({circuitOnly: event.target.checked})});
  follow(['circuitOnly'], () => { only.checked = state.circuitOnly; });
  const pieces = mixed && make('label', {}, make('input', {type: 'checkbox', id: 'cut', onchange: event => change({cutOnly: event.target.checked, circuitOnly: state.circuitOnly && !event.target.checked})}), `only ${graph.pieces}`);
  parent.append(...slider(),
    make('div', {class: 'controls'}, views || null, make('label', {}, 'Find', search), make('label', {}, only, `only ${nouns} of the run's circuit`), pieces || null),
    make('datalist', {id: 'names'}, ...[...nodes.keys()].map(name => make('option', {value: name}))));
  const split = make('div', {class: 'split'});
  const left = make('div');
  parent.append(split);
  split.append(left, make('aside', {class: 'panel', id: 'panel', 'aria-live': 'polite', 'aria-label': 'The chosen component'}));
  const names = [noun, 'source', 'target', 'slot', 'total', 'total_stderr', 'direct', 'direct_stderr', 'through_cot', 'through_cot_stderr', 'q_value', 'inclusion', 'in_circuit'];
  figure(left, {
    title: 'Circuit',
    keys: ['part', 'edges', 'circuitOnly', 'cutOnly', 'view', 'selected', 'pinned', 'groups', 'search', 'bin'],
    draw: (svg, width) => !ofEdges ? drawUnits(svg, width) : state.view === 'time' ? drawTimes(svg, width) : drawLayers(svg, width),
    rows: () => [names, ...shownEdges().map(edge => [edge.name, edge.from, edge.to, edge.slot, ...edge.total, ...edge.direct, ...edge.through, edge.q, edge.inclusion, edge.inCircuit])],
    vega: () => ({mark: {type: 'bar', tooltip: true}, encoding: {y: {field: noun, type: 'nominal', sort: null}, x: {field: {total: 'total', direct: 'direct', through: 'through_cot'}[state.part], type: 'quantitative'}, color: {field: 'slot', type: 'nominal'}}}),
    note: !ofEdges
      ? `The strongest ${nouns}, with one standard error; at most ${MOST_BARS} are drawn, the CSV has all that are chosen. Those in the run's circuit are bold. Press one for its node.`
      : 'Width is |score|, dashed lines are negative: there the clean value lowers J. Components are coloured by the sum of the edges that leave them. Press one for its inputs and outputs.',
  });
  if (ofEdges) left.append(legend(SLOTS));
}
