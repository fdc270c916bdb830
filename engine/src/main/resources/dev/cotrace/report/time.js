// Components as a grid of layers and heads, and over time.

/** Whether all components are nodes of the model. */
const inGrid = graph.nodes.every(node => node.name === 'input' || place.has(node.name));

function drawGrid(svg, width) {
  const columns = graph.heads + 2;
  const cell = Math.max(16, Math.min(graph.layers > 16 ? 24 : 46, (width - 60) / columns));
  const left = 40, top = 22, height = top + (graph.layers + 1) * (cell + 1) + 34;
  svg.attr('width', Math.max(left + columns * (cell + 1) + 10, 440)).attr('height', height);
  const largest = d3.max(graph.nodes, node => Math.abs(node[state.part][0]));
  const scale = diverging(largest);
  const text = (x, y, label, anchor = 'middle') => svg.append('text').attr('x', x).attr('y', y).attr('text-anchor', anchor)
    .attr('font-size', 10).attr('fill', colour('quiet')).text(label);
  for (let head = 0; head < graph.heads; head++) text(left + (head + .5) * (cell + 1), top - 7, cell > 20 || head % 4 === 0 ? 'h' + head : '');
  text(left + (graph.heads + 1) * (cell + 1), top - 7, 'MLP');
  for (const node of graph.nodes) {
    const {layer, head, mlp, wide} = place.get(node.name) ?? {layer: -1, head: 0};
    const x = left + (mlp ? graph.heads + .5 : head) * (cell + 1);
    const y = top + (graph.layers - 1 - layer) * (cell + 1) + (layer < 0 ? 4 : 0);
    const chosen = node.name === state.selected;
    const mark = svg.append('rect').attr('x', x).attr('y', y).attr('width', layer < 0 || wide ? graph.heads * (cell + 1) - 1 : cell).attr('height', cell)
      .attr('fill', scale(node[state.part][0])).attr('stroke', chosen ? colour('accent') : colour('line')).attr('stroke-width', chosen ? 3 : .5)
      .attr('data-node', node.name);
    if (layer < 0) text(left - 6, y + cell / 2 + 4, 'input', 'end');
    else if (head === 0) text(left - 6, y + cell / 2 + 4, 'L' + layer, 'end');
    hover(mark.node(), () => toldOfNode(node.name));
    pressable(mark.node(), toldOfNode(node.name).replace(/\n/g, ', '), () => change({selected: chosen ? null : node.name}));
  }
  colourKey(svg, left, height - 12, scale, largest);
}

/** What the ends and the middle of a diverging scale mean. */
function colourKey(svg, x, y, scale, largest) {
  d3.range(21).forEach(i => svg.append('rect').attr('x', x + i * 10).attr('y', y - 10).attr('width', 10).attr('height', 12).attr('fill', scale((i - 10) / 10 * (largest || 1))));
  svg.append('text').attr('x', x + 218).attr('y', y).attr('font-size', 12).attr('fill', colour('quiet')).text(`${number(-largest)} … 0 … ${number(largest)}`);
}

{
  const parent = section('components');
  parent.append(make('p', {}, `The score of a component is the sum over ${ofEdges ? 'the edges that leave it' : 'its ' + nouns}: what opening all of them together, little by little, adds to J.`));
  figure(parent, {
    title: inGrid ? 'Layers and heads' : 'Parts of the residual stream',
    keys: ['part', 'selected'],
    draw: inGrid ? drawGrid : drawComponents,
    rows: () => [['component', 'total', 'total_stderr', 'direct', 'direct_stderr', 'through_cot', 'through_cot_stderr'],
      ...graph.nodes.map(node => [node.name, ...node.total, ...node.direct, ...node.through])],
    vega: () => ({mark: 'rect', transform: [{calculate: "indexof(datum.component, 'a') == 0 ? 'h' + split(datum.component, '.h')[1] : 'MLP'", as: 'column'}, {calculate: "toNumber(split(slice(datum.component, 1), '.')[0])", as: 'layer'}],
      encoding: {x: {field: 'column', type: 'nominal', sort: null}, y: {field: 'layer', type: 'ordinal', sort: 'descending'}, color: {field: {total: 'total', direct: 'direct', through: 'through_cot'}[state.part], type: 'quantitative', scale: {domainMid: 0, scheme: 'blueorange', reverse: true}}}}),
    note: inGrid ? 'Orange lowers J, blue raises it, by the square root of the score. Press a cell to see what it has under Circuit.' : 'Orange lowers J, blue raises it.',
  });
}

/** Bins in which anything acts: of sentences that no transcript reached there is nothing to show. */
const usedBins = data.time ? d3.range(data.time.bins.length).filter(bin => data.time.total.some(row => row[bin][0] !== 0)) : [];

/** Layer by time: each column is a bin of positions with its own strongest edges. */
function drawTimes(svg, width) {
  const time = data.time;
  const column = Math.max(120, (width - 50) / usedBins.length);
  const step = graph.layers > 16 ? 30 : 52;
  const height = (graph.layers + 1) * step + 80;
  width = 50 + column * usedBins.length;
  svg.attr('width', width).attr('height', height);
  const at = (name, bin) => {
    const p = position(name);
    return [50 + column * (usedBins.indexOf(bin) + .08 + .84 * p.x), height - 50 - p.y * step];
  };
  const perBin = Math.max(1, Math.round(state.edges / usedBins.length));
  const marks = new Map();
  const all = time.edges.flatMap((list, bin) => (list.source ?? []).map((source, i) => ({
    bin, from: sourceName(source), to: graph.targets[list.target[i]], slot: graph.slots[list.target[i]],
    name: `${unitName(list, i)} at ${time.bins[bin]}`, total: list.total[i], direct: list.direct[i], through: list.through[i], score: list[state.part][i]}))
    .sort((a, b) => Math.abs(b.score[0]) - Math.abs(a.score[0])).slice(0, perBin));
  const chosen = d3.sort(all, edge => -Math.abs(edge.score[0])).filter(edge => edge.score[0] !== 0 && usedBins.includes(edge.bin));
  usedBins.forEach((bin, i) => {
    const name = time.bins[bin];
    const x = 50 + column * i;
    svg.append('rect').attr('x', x + 2).attr('y', 6).attr('width', column - 4).attr('height', height - 40).attr('rx', 6)
      .attr('fill', bin === state.bin ? colour('none') : colour('card'));
    const label = svg.append('text').attr('x', x + column / 2).attr('y', height - 14).attr('text-anchor', 'middle').attr('fill', colour('ink')).attr('font-size', 11).text(visible(name));
    hover(label.node(), () => binName(bin));
    pressable(label.node(), binName(bin), () => change({bin: state.bin === bin ? null : bin}));
  });
  for (let layer = 0; layer < graph.layers; layer++) {
    svg.append('text').attr('x', 2).attr('y', height - 46 - (layer + 1) * step).attr('font-size', 10).attr('fill', colour('quiet')).text('L' + layer);
  }
  drawEdges(svg.append('g'), chosen, edge => [at(edge.from, edge.bin), at(edge.to, edge.bin)]);
  for (const edge of chosen) for (const name of [edge.from, edge.to]) marks.set(name + ' ' + edge.bin, {name, bin: edge.bin});
  const layer = svg.append('g');
  const largest = d3.max(time[state.part].flat(), score => Math.abs(score[0]));
  for (const {name, bin} of marks.values()) {
    const row = time.components.findIndex(index => sourceName(index) === name);
    const score = row < 0 ? [null, null] : time[state.part][row][bin];
    drawNode(layer, name, ...at(name, bin), score[0], largest, () => `${name} at ${binName(bin)}` + (row < 0 ? '' : '\n' + estimate(score, true)));
  }
}

function drawHeat(svg, width) {
  const time = data.time;
  const left = 64, cell = Math.max(18, Math.min(90, (width - left - 24) / usedBins.length)), row = 17, top = 6;
  const height = top + time.components.length * row + 92;
  svg.attr('width', left + cell * usedBins.length + 20).attr('height', height);
  const largest = d3.max(time[state.part].flat(), score => Math.abs(score[0]));
  const scale = diverging(largest);
  time.components.forEach((index, i) => {
    const name = sourceName(index);
    const label = svg.append('text').attr('x', left - 6).attr('y', top + i * row + 12).attr('text-anchor', 'end').attr('font-size', 11)
      .attr('fill', colour(name === state.selected ? 'accent' : 'ink')).attr('font-weight', name === state.selected ? 700 : 400).text(name);
    pressable(label.node(), name, () => change({selected: name}));
    usedBins.forEach((bin, column) => {
      const score = time[state.part][i][bin];
      const mark = svg.append('rect').attr('x', left + column * cell).attr('y', top + i * row).attr('width', cell - 1).attr('height', row - 1)
        .attr('fill', scale(score[0])).attr('stroke', bin === state.bin ? colour('accent') : 'none').attr('data-hover', '');
      hover(mark.node(), () => `${name} at ${binName(bin)}\n${PARTS.map(([part, text]) => `${text}: ${estimate(time[part][i][bin], true)}`).join('\n')}`);
      mark.on('click', () => change({selected: name, bin}));
    });
  });
  const y = top + time.components.length * row + 10;
  usedBins.forEach((bin, column) => {
    const name = time.bins[bin];
    svg.append('text').attr('transform', `translate(${left + (column + .5) * cell},${y}) rotate(35)`).attr('font-size', 10).attr('fill', colour('quiet')).text(visible(name));
  });
  colourKey(svg, left, height - 6, scale, largest);
}

{
  const parent = section('time');
  if (!data.time) {
    parent.append(make('p', {class: 'notice'}, 'This run did not resolve time. Run it with ', make('code', {}, '--bins sentence'), ' or ', make('code', {}, '--bins step'),
      ' to see at which positions each component acts.'));
  } else {
    figure(parent, {
      title: 'Components over time',
      keys: ['part', 'selected', 'bin'],
      draw: drawHeat,
      rows: () => [['component', 'bin', 'total', 'total_error_bound', 'direct', 'direct_error_bound', 'through_cot', 'through_cot_error_bound'],
        ...data.time.components.flatMap((index, i) => data.time.bins.map((bin, b) => [sourceName(index), bin, ...data.time.total[i][b], ...data.time.direct[i][b], ...data.time.through[i][b]]))],
      vega: () => ({mark: 'rect', encoding: {x: {field: 'bin', type: 'nominal', sort: null}, y: {field: 'component', type: 'nominal', sort: null}, color: {field: {total: 'total', direct: 'direct', through: 'through_cot'}[state.part], type: 'quantitative', scale: {domainMid: 0, scheme: 'blueorange', reverse: true}}}}),
      note: `The ${data.time.components.length} components that act most at any time. A position is named by the token it reads. The pointer, the panel of a component and the CSV tell their errors; those of these sums are at most what is given (±≤).`,
    });
  }
}
