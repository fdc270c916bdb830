// What came out, in numbers and one picture.

document.getElementById('name').textContent = visible(data.run.name);
document.getElementById('subtitle').textContent = visible(
  `${data.run.model} · ${data.run.task} · ${ofEdges ? '' : `level ${graph.level} · `}objective ${data.run.objective} · method ${data.metrics.method} · ${data.metrics.pairs} prompt pairs`);
choice(document.getElementById('part'), 'part', PARTS);

/** What goes through the words and what around them, beside what there is to explain. */
function drawShares(svg, width) {
  const m = data.metrics;
  const bars = [
    ['J(1) − J(0)', m.difference.value, m.difference.stderr, 'in'],
    ['through the words', m.through_cot_sum.value, m.through_cot_sum.stderr, 'v'],
    ['around the words', m.direct_sum.value, m.direct_sum.stderr, 'q'],
  ];
  const left = 150, row = 34, height = bars.length * row + 34;
  svg.attr('width', width).attr('height', height);
  const ends = bars.flatMap(([, value, error]) => [value - (error ?? 0), value + (error ?? 0), 0]);
  const x = d3.scaleLinear().domain(d3.extent(ends)).nice().range([left, width - 150]);
  bars.forEach(([label, value, error, name], i) => {
    const y = i * row + 6;
    svg.append('text').attr('x', left - 10).attr('y', y + 15).attr('text-anchor', 'end').attr('fill', colour('ink')).text(label);
    svg.append('rect').attr('x', Math.min(x(0), x(value))).attr('width', Math.abs(x(value) - x(0))).attr('y', y).attr('height', 20).attr('fill', colour(name));
    if (error) {
      svg.append('path').attr('stroke', colour('ink')).attr('fill', 'none')
        .attr('d', `M${x(value - error)},${y + 10}H${x(value + error)}M${x(value - error)},${y + 5}v10M${x(value + error)},${y + 5}v10`);
    }
    svg.append('text').attr('x', Math.max(x(value + (error ?? 0)), x(0)) + 8).attr('y', y + 15).attr('fill', colour('ink')).text(estimate([value, error]));
  });
  svg.append('g').attr('transform', `translate(0,${bars.length * row + 4})`).call(d3.axisBottom(x).ticks(6))
    .call(g => g.selectAll('text').attr('fill', colour('quiet'))).call(g => g.selectAll('line,path').attr('stroke', colour('line')));
}

/** What the units that the level is about have of all scores, and what else has. */
const SUMS = [
  ['features_sum', 'features'],
  ['neurons_sum', 'neurons'],
  ['heads_sum', 'heads'],
  ['mlps_sum', 'MLPs'],
  ['errors_sum', 'errors of dictionaries'],
  ['others_sum', 'other nodes'],
];

{
  const m = data.metrics;
  const tile = (label, value) => make('div', {class: 'tile'}, make('b', {}, value), make('span', {}, label));
  const parent = section('overview');
  parent.append(
    make('p', {}, 'J is the expected outcome over sampled chains of thought: J(1) of the clean model, J(0) of the corrupted one. ',
      `A score is what ${/^[aeioM]/.test(noun) ? 'an' : 'a'} ${noun} adds to J(1) − J(0); an error is one standard error over prompts.`),
    make('div', {class: 'tiles'},
      tile('J(1), clean', estimate(m.J1)),
      tile('J(0), corrupted', estimate(m.J0)),
      tile(`faithfulness of the circuit (${m.circuit.edges} of ${graph.edge_count} ${nouns})`, estimate(m.circuit.faithfulness)),
      tile(`faithfulness of a random circuit (${m.random_circuit.edges} ${nouns})`, estimate(m.random_circuit.faithfulness)),
      tile(nouns + ' with q < 0.05', number(m['edges_q_below_0.05'])),
      tile(`of the top ${m.stability.top_n} ${nouns}, shared by two resamples of the prompts (Jaccard)`, number(m.stability.jaccard)),
      ...SUMS.filter(([key]) => m[key]).map(([key, label]) => tile(label + ' add up to', estimate(m[key])))),
    make('p', {class: 'notice', id: 'completeness'}, 'Completeness: ' + m.completeness + '.'));
  const names = ['part', 'value', 'stderr'];
  figure(parent, {
    title: 'Through the words and around the words',
    keys: [],
    draw: drawShares,
    rows: () => [names,
      ['J(1) − J(0)', m.difference.value, m.difference.stderr],
      ['through the words', m.through_cot_sum.value, m.through_cot_sum.stderr],
      ['around the words', m.direct_sum.value, m.direct_sum.stderr]],
    vega: () => ({mark: 'bar', encoding: {y: {field: 'part', type: 'nominal', sort: null}, x: {field: 'value', type: 'quantitative'}}}),
    note: `Sums over all ${nouns}. Through the words: what ${nouns} change by changing which tokens get sampled. Around the words: what they change while the sampled tokens stay as they are.`,
  });
}
