// How sure the scores are.

function drawStability(svg, width) {
  const points = data.doubt.stability.map(([n, jaccard]) => ({at: n, value: jaccard, error: 0, told: `top ${n}: two resamples share ${number(jaccard)}`}));
  const x = d3.scaleLog([points[0].at, Math.max(points.at(-1).at, points[0].at + 1)], []);
  const group = axes(svg, width, 260, x, d3.scaleLinear([0, 1], []), 'n, the strongest ' + nouns, 'Jaccard');
  band(group, points, x, d3.scaleLinear([0, 1], [260 - 42, 10]), colour('positive'));
}

const lineColours = ['ink', 'q', 'k', 'v', 'mark', 'in', 'accent'];

function drawConvergence(svg, width) {
  const lines = Object.entries(data.doubt.convergence);
  const first = lines[0][1].length;
  const x = d3.scaleLinear([2, Math.max(3, first + 1)], []);
  const shown = lines.slice(1);
  const all = shown.flatMap(([, list]) => list).flatMap(([value, error]) => [value - (error ?? 0), value + (error ?? 0)]);
  const y = d3.scaleLinear(d3.extent([0, ...all]), []).nice();
  const group = axes(svg, width, 300, x, y, 'clusters of prompts', 'score');
  shown.forEach(([name, list], i) => band(group, list.map(([value, error], k) => ({at: k + 2, value, error, told: `${name}, ${k + 2} clusters\n${estimate([value, error])}`})), x, y, colour(lineColours[i + 1])));
}

function drawCalibration(svg, width) {
  const points = data.verification.interventions;
  const extent = key => d3.extent([0, ...points.flatMap(p => [p[key].value - (p[key].stderr ?? 0), p[key].value + (p[key].stderr ?? 0)])]);
  const x = d3.scaleLinear(extent('score'), []).nice();
  const y = d3.scaleLinear(extent('effect'), []).nice();
  const group = axes(svg, width, 340, x, y, 'score', 'measured effect');
  for (const p of points) {
    const [cx, cy] = [x(p.score.value), y(p.effect.value)];
    group.append('path').attr('stroke', colour('line')).attr('d', `M${x(p.score.value - (p.score.stderr ?? 0))},${cy}H${x(p.score.value + (p.score.stderr ?? 0))}M${cx},${y(p.effect.value - (p.effect.stderr ?? 0))}V${y(p.effect.value + (p.effect.stderr ?? 0))}`);
    const mark = group.append('circle').attr('cx', cx).attr('cy', cy).attr('r', 4).attr('fill', colour(p.edges.length === 1 ? 'positive' : 'k')).attr('fill-opacity', .8);
    hover(mark.node(), () => `${p.edges.slice(0, 4).join(', ')}${p.edges.length > 4 ? ` and ${p.edges.length - 4} more` : ''}\nscore: ${estimate(p.score)}\nmeasured: ${estimate(p.effect)}`);
  }
}

{
  const parent = section('doubt');
  const d = data.doubt;
  parent.append(make('p', {}, `Errors come from differences between ${d.clusters} clusters of prompts. `, 'Completeness: ' + data.metrics.completeness + '.'));
  if (!d.stability?.length) {
    parent.append(make('p', {class: 'notice'}, 'The scores by cluster are not in this run: it was exact, had one cluster, or its clusters.safetensors is not there.'));
  } else {
    figure(parent, {
      title: 'Stability of the strongest ' + nouns,
      keys: [],
      draw: drawStability,
      rows: () => [['n', 'jaccard'], ...d.stability],
      vega: () => ({mark: {type: 'line', point: true}, encoding: {x: {field: 'n', type: 'quantitative', scale: {type: 'log'}}, y: {field: 'jaccard', type: 'quantitative', scale: {domain: [0, 1]}}}}),
      note: `Share of the strongest n ${nouns} that two runs of this size would have in common: the mean over all pairs of ${d.resamples} resamples of the clusters.`,
    });
    figure(parent, {
      title: 'Convergence of the estimates',
      keys: [],
      draw: drawConvergence,
      rows: () => [['of', 'clusters', 'score', 'stderr'], ...Object.entries(d.convergence).flatMap(([name, list]) => list.map(([value, error], k) => [name, k + 2, value, error]))],
      vega: () => ({mark: {type: 'line', point: true}, encoding: {x: {field: 'clusters', type: 'quantitative'}, y: {field: 'score', type: 'quantitative'}, color: {field: 'of', type: 'nominal'}}}),
      note: `The strongest ${nouns} as estimated from the first 2, 3, … clusters of prompts alone; bands are one standard error.`,
    }).append(legend(Object.keys(d.convergence).slice(1).map((name, i) => [name, lineColours[i + 1]])));
  }
  if (data.verification) {
    const v = data.verification;
    const told = (label, one) => one ? `${label} (${one.count}): rank correlation ${estimate(one.spearman)}, slope ${estimate(one.slope)}, within two errors ${estimate(one.within_errors)}. ` : '';
    figure(parent, {
      title: 'Scores against real interventions',
      keys: [],
      draw: drawCalibration,
      rows: () => [[nouns, 'score', 'score_stderr', 'effect', 'effect_stderr'], ...v.interventions.map(p => [p.edges.join(' '), p.score.value, p.score.stderr, p.effect.value, p.effect.stderr])],
      vega: () => ({mark: {type: 'point', tooltip: true}, encoding: {x: {field: 'score', type: 'quantitative'}, y: {field: 'effect', type: 'quantitative'}}}),
      note: told('Single ' + nouns, v.edges) + told('Groups', v.groups),
    }).append(legend([['single ' + nouns, 'positive'], [`groups, and all ${nouns}`, 'k']]));
  } else {
    parent.append(make('p', {class: 'notice'}, make('code', {}, 'cotrace verify RUN'), ` switches ${nouns} for real and compares; then write this page again.`));
  }
}
