// A run in progress, looked at again every two seconds; becomes the run's page when it is complete.

const EVERY = 2000;

state.gates = [];
document.getElementById('name').textContent = visible(data.name);
const address = data.name.split('/').map(encodeURIComponent).join('/');

/** What the value of the objective is at each gate so far. */
function drawGates(svg, width) {
  const points = state.gates.map(gate => ({at: gate.alpha, value: gate.value, error: gate.stderr, told: `gate ${number(gate.alpha)}\n${estimate([gate.value, gate.stderr])}`}));
  const y = d3.scaleLinear(d3.extent([0, ...points.flatMap(p => [p.value - (p.error ?? 0), p.value + (p.error ?? 0)])]), []).nice();
  const x = d3.scaleLinear([0, 1], []);
  const group = axes(svg, width, 300, x, y, 'gate: 0 corrupted, 1 clean', 'J');
  band(group, points, x, y, colour('positive'));
}

figure(section('value'), {
  title: 'J by gate so far',
  keys: ['gates'],
  draw: drawGates,
  rows: () => [['gate', 'J', 'stderr'], ...state.gates.map(gate => [gate.alpha, gate.value, gate.stderr])],
  vega: () => ({mark: {type: 'line', point: true}, encoding: {x: {field: 'gate', type: 'quantitative'}, y: {field: 'J', type: 'quantitative'}}}),
  note: 'Means over the rollouts so far; errors are over prompt pairs, unknown while there is one.',
});

/** Groups of the newest purpose when this page first saw it, and when. */
let since = null;

/** How far the newest purpose is, and when it should be done at the pace seen here. */
function pace(phases) {
  const now = phases.at(-1);
  if (!now?.of) return '';
  if (since?.purpose !== now.purpose) since = {purpose: now.purpose, groups: now.groups, at: Date.now()};
  const text = `, ${now.purpose}: ${now.groups} of ${now.of} groups`;
  const each = (Date.now() - since.at) / (now.groups - since.groups);
  return Number.isFinite(each) && each > 0 ? `${text}, ${Math.round(each * (now.of - now.groups) / 1000)} s left of it` : text;
}

function drawProgress(progress) {
  document.getElementById('subtitle').textContent = `${number(progress.rollouts)} rollouts, ${number(progress.tokens)} sampled tokens so far${visible(pace(progress.done))}`;
  section('progress').replaceChildren(table([['purpose', 'rollouts', 'groups', 'of'], ...progress.done.map(one => [one.purpose, one.rollouts, one.groups, one.of ?? ''])]));
  document.getElementById('latest').replaceChildren(table([['purpose', 'pair', 'gate', 'value', 'text'],
    ...progress.latest.map(one => [one.purpose, one.pair, one.alpha ?? '', one.value ?? '', one.text])]));
  const log = document.getElementById('log');
  const atEnd = log.scrollTop + log.clientHeight >= log.scrollHeight - 4;
  log.textContent = progress.log.map(visible).join('\n');
  if (atEnd) log.scrollTop = log.scrollHeight;
}

async function look() {
  try {
    const answer = await fetch('/progress/' + address);
    if (!answer.ok) throw new Error(await answer.text());
    const progress = await answer.json();
    if (progress.complete) {
      location.reload();
      return;
    }
    drawProgress(progress);
    if (JSON.stringify(progress.gates) !== JSON.stringify(state.gates)) change({gates: progress.gates});
  } catch (error) {
    document.getElementById('subtitle').textContent = 'No news: ' + error.message;
  }
  setTimeout(look, EVERY);
}

look();
