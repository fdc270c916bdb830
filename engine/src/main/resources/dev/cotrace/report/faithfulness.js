// Faithfulness against size, on-policy and teacher-forced, beside what knows nothing.

function curveOf(circuits, key, label) {
  return d3.sort(circuits.filter(one => one[key]).map(one => {
    const f = one[key].faithfulness;
    return {at: Math.max(one[key].edges, .5), value: f.value, error: f.stderr, told: `${label}, ${one[key].edges} ${nouns} (${one.name})\n${estimate(f)}`};
  }), point => point.at);
}

const CURVES = [['sampled from the circuit', 'circuit', 'positive', null], ['teacher-forced', 'teacher_forced', 'mark', '6 4'],
  ['by magnitude', 'magnitude_circuit', 'k', '2 3'], ['random', 'random_circuit', 'in', '2 3']];

function drawCurve(svg, width) {
  const curves = CURVES.map(([label, key, name, dash]) => ({points: curveOf(data.evaluation.circuits, key, label), name, dash}));
  const all = curves.flatMap(curve => curve.points).filter(p => p.value !== null);
  const x = d3.scaleLog([.5, graph.edge_count], []);
  const y = d3.scaleLinear(d3.extent([0, 1, ...all.flatMap(p => [p.value - (p.error ?? 0), p.value + (p.error ?? 0)])]), []).nice();
  const group = axes(svg, width, 340, x, y, nouns, 'faithfulness');
  for (const level of [0, 1]) group.append('path').attr('d', `M${x.range()[0]},${y(level)}H${x.range()[1]}`).attr('stroke', colour('quiet')).attr('stroke-dasharray', '1 3');
  for (const {points, name, dash} of [...curves].reverse()) band(group, points, x, y, colour(name), dash);
}

function curveRows() {
  return [['circuit', 'edges', 'curve', 'faithfulness', 'stderr'], ...data.evaluation.circuits.flatMap(one => CURVES.filter(([, key]) => one[key])
    .map(([label, key]) => [one.name, one[key].edges, label, one[key].faithfulness.value, one[key].faithfulness.stderr]))];
}

function areas() {
  const e = data.evaluation;
  return [['sampled from the circuit', e.areas], ['teacher-forced', e.teacher_forced_areas], ['by magnitude', e.magnitude_areas], ['random', e.random_areas]]
    .filter(([, area]) => area).map(([label, area]) => [label, area.cpr, area.cmd]);
}

{
  const parent = section('faithfulness');
  const e = data.evaluation;
  const m = data.metrics;
  parent.append(make('p', {}, 'Faithfulness is (J(C) − J(0)) / (J(1) − J(0)), J(C) by sampling from the circuit: 1 when it does all that the model does, 0 when nothing. ',
    `The run's circuit has ${m.circuit.edges} ${nouns} (${m.circuit.selection}): ${estimate(m.circuit.faithfulness)}; a random one of ${m.random_circuit.edges}: ${estimate(m.random_circuit.faithfulness)}.`));
  if (!e) {
    parent.append(make('p', {class: 'notice'}, 'Other sizes were not sampled from. ', make('code', {}, 'cotrace evaluate RUN'), ' does it; then write this page again.'));
  } else {
    if (data.evaluation_changes.length) {
      parent.append(make('p', {class: 'notice'}, visible('What follows was sampled with other settings than the run: ' + data.evaluation_changes.join(', ') + '.')));
    }
    figure(parent, {
      title: 'Faithfulness against size',
      keys: [],
      draw: drawCurve,
      rows: curveRows,
      vega: () => ({layer: [{mark: 'errorband', encoding: {y: {field: 'faithfulness', type: 'quantitative'}, yError: {field: 'stderr'}}}, {mark: {type: 'line', point: true}, encoding: {y: {field: 'faithfulness', type: 'quantitative'}}}],
        encoding: {x: {field: 'edges', type: 'quantitative', scale: {type: 'symlog'}}, color: {field: 'curve', type: 'nominal'}}}),
      note: 'Bands are one standard error. Empty circuits are drawn at one half. On-policy and teacher-forced differ where the circuit writes other words than the model.',
    }).append(legend(CURVES.map(([label, , name]) => [label, name])));
    listing(parent, 'Areas', ['circuits', 'CPR, area under f', 'CMD, area between f and 1'], areas());
    if (e.complement) {
      parent.append(make('p', {}, `Without the circuit's ${nouns} (${e.complement.edges} are left) faithfulness is ${estimate(e.complement.faithfulness)}: the nearer to 0, the less the circuit leaves out.`));
    }
    listing(parent, 'Every circuit', ['circuit', nouns, 'faithfulness', 'teacher-forced', 'KL a step', 'accuracy', 'by magnitude', 'random'],
      e.circuits.map(one => [one.name, one.circuit.edges, one.circuit.faithfulness, one.teacher_forced?.faithfulness, one.kl_per_step, one.accuracy,
        one.magnitude_circuit?.faithfulness, one.random_circuit?.faithfulness]));
    listing(parent, 'What they write', ['circuit', 'pair', 'text'],
      e.circuits.flatMap(one => (one.examples ?? []).slice(0, 3).map(example => [one.name, example.pair, example.text])));
    if (e.removals?.length) {
      listing(parent, `Does each ${noun} matter?`, [noun, 'loss'], d3.sort(e.removals, one => -one.loss.value).map(one => [one.edge, one.loss]),
        `What the circuit loses in faithfulness without one of its ${nouns}.`);
    }
  }
}
