// Units that are no edges (nodes, coordinates, hidden units, features) and components, as bars.

/** Bars that still can be read one by one. */
const MOST_BARS = 80;

/** A bar with its error for each thing, which has a name, the node to choose, and scores. */
function drawBars(svg, width, things) {
  const left = 110, row = 19, height = Math.max(1, things.length) * row + 34;
  svg.attr('width', width).attr('height', height);
  const scores = things.map(thing => thing[state.part]);
  const ends = scores.flatMap(([value, error]) => [value - (error ?? 0), value + (error ?? 0)]);
  const x = d3.scaleLinear().domain(d3.extent(ends.concat([0]))).nice().range([left, width - 20]);
  things.forEach((thing, i) => {
    const [value, error] = scores[i];
    const y = i * row + 4;
    const chosen = thing.node === state.selected;
    const found = state.search !== '' && thing.name.toLowerCase().includes(state.search.toLowerCase());
    svg.append('text').attr('x', left - 8).attr('y', y + 11).attr('text-anchor', 'end').attr('font-size', 11)
      .attr('fill', colour(chosen ? 'accent' : 'ink')).attr('font-weight', thing.bold ? 700 : 400).text(thing.name);
    const bar = svg.append('rect').attr('x', Math.min(x(0), x(value))).attr('width', Math.max(1, Math.abs(x(value) - x(0)))).attr('y', y).attr('height', row - 6)
      .attr('fill', colour(value < 0 ? 'negative' : 'positive')).attr('stroke', found ? colour('mark') : 'none').attr('stroke-width', 3)
      .attr('data-hover', '').attr('data-unit', thing.name);
    hover(bar.node(), () => told(thing));
    pressable(bar.node(), told(thing).replace(/\n/g, ', '), () => change({selected: chosen ? null : thing.node}));
    if (error) {
      svg.append('path').attr('stroke', colour('ink')).attr('fill', 'none').attr('pointer-events', 'none')
        .attr('d', `M${x(value - error)},${y + 6.5}H${x(value + error)}M${x(value - error)},${y + 3}v7M${x(value + error)},${y + 3}v7`);
    }
  });
  svg.append('g').attr('transform', `translate(0,${height - 24})`).call(d3.axisBottom(x).ticks(6))
    .call(g => g.selectAll('text').attr('fill', colour('quiet'))).call(g => g.selectAll('line,path').attr('stroke', colour('line')));
}

function drawUnits(svg, width) {
  drawBars(svg, width, shownEdges().slice(0, MOST_BARS).map(unit => ({...unit, node: unit.from, bold: unit.inCircuit})));
}

/** Parts of the residual stream, which have no place in a grid of layers and heads. */
function drawComponents(svg, width) {
  drawBars(svg, width, graph.nodes.map(node => ({...node, node: node.name})));
}
