// Units that are no edges: nodes, coordinates, hidden units, features, as bars.

/** Bars that still can be read one by one. */
const MOST_BARS = 80;

function drawUnits(svg, width) {
  const all = shownEdges().slice(0, MOST_BARS);
  const left = 110, row = 19, height = Math.max(1, all.length) * row + 34;
  svg.attr('width', width).attr('height', height);
  const ends = all.flatMap(unit => [unit[state.part][0] - (unit[state.part][1] ?? 0), unit[state.part][0] + (unit[state.part][1] ?? 0), 0]);
  const x = d3.scaleLinear().domain(d3.extent(ends.concat([0]))).nice().range([left, width - 20]);
  all.forEach((unit, i) => {
    const [value, error] = unit[state.part];
    const y = i * row + 4;
    const chosen = unit.from === state.selected;
    const found = state.search !== '' && unit.name.toLowerCase().includes(state.search.toLowerCase());
    svg.append('text').attr('x', left - 8).attr('y', y + 11).attr('text-anchor', 'end').attr('font-size', 11)
      .attr('fill', colour(chosen ? 'accent' : 'ink')).attr('font-weight', unit.inCircuit ? 700 : 400).text(unit.name);
    const bar = svg.append('rect').attr('x', Math.min(x(0), x(value))).attr('width', Math.max(1, Math.abs(x(value) - x(0)))).attr('y', y).attr('height', row - 6)
      .attr('fill', colour(value < 0 ? 'negative' : 'positive')).attr('stroke', found ? colour('mark') : 'none').attr('stroke-width', 3)
      .attr('data-hover', '').attr('data-unit', unit.name);
    hover(bar.node(), () => told(unit));
    pressable(bar.node(), told(unit).replace(/\n/g, ', '), () => change({selected: chosen ? null : unit.from}));
    if (error) {
      svg.append('path').attr('stroke', colour('ink')).attr('fill', 'none').attr('pointer-events', 'none')
        .attr('d', `M${x(value - error)},${y + 6.5}H${x(value + error)}M${x(value - error)},${y + 3}v7M${x(value + error)},${y + 3}v7`);
    }
  });
  svg.append('g').attr('transform', `translate(0,${height - 24})`).call(d3.axisBottom(x).ticks(6))
    .call(g => g.selectAll('text').attr('fill', colour('quiet'))).call(g => g.selectAll('line,path').attr('stroke', colour('line')));
}
