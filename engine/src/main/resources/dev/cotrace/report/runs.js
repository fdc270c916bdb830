// The runs of a directory, looked at again every few seconds.

const EVERY = 3000;

const address = name => '/run/' + name.split('/').map(encodeURIComponent).join('/');

function ago(time) {
  const seconds = Math.max(0, (Date.now() - Date.parse(time)) / 1000);
  const [count, unit] = seconds < 90 ? [seconds, 'second'] : seconds < 5400 ? [seconds / 60, 'minute'] : seconds < 129600 ? [seconds / 3600, 'hour'] : [seconds / 86400, 'day'];
  return `${Math.round(count)} ${unit}${Math.round(count) === 1 ? '' : 's'} ago`;
}

function drawRuns(runs) {
  document.getElementById('subtitle').textContent = `${runs.length} runs, ${runs.filter(run => !run.complete).length} in progress or stopped`;
  const rows = runs.map(run => [
    make('a', {href: address(run.name)}, visible(run.name)),
    run.complete ? ago(run.changed) : `in progress, last wrote ${ago(run.changed)}`,
    run.problem ?? run.objective ?? '', run.method ?? '',
    run.J1 ? estimate(run.J1) : '', run.J0 ? estimate(run.J0) : '', run.faithfulness ? estimate(run.faithfulness) : '']);
  const list = runs.length === 0 ? make('p', {class: 'notice'}, 'There are no runs here yet: cotrace discover makes one.')
    : make('div', {class: 'scroll-x'}, table([['run', 'written', 'objective', 'method', 'J(1)', 'J(0)', 'faithfulness'], ...rows]));
  section('runs').replaceChildren(list);
}

async function look() {
  try {
    const answer = await fetch('/runs');
    if (!answer.ok) throw new Error(await answer.text());
    drawRuns(await answer.json());
  } catch (error) {
    document.getElementById('subtitle').textContent = 'The server does not answer: ' + error.message;
  }
  setTimeout(look, EVERY);
}

look();
