// The chosen component: what it reads, what reads it; pins and groups.

function edgeRows(list, other) {
  return [['', PARTS.find(([part]) => part === state.part)[1], 'q'],
    ...list.map(edge => {
      const name = edge[other] + (other === 'to' || edge.slot === 'in' ? (other === 'to' && edge.slot !== 'in' ? `<${edge.slot}>` : '') : ` (${edge.slot})`);
      const link = make('button', {type: 'button', class: 'link', onclick: () => change({selected: edge[other]})}, name);
      hover(link, () => told(edge));
      return [link, estimate(edge[state.part]), qValue(edge.q)];
    })];
}

const MOST_ROWS = 40;

function linked(title, list, other) {
  const more = list.length > MOST_ROWS ? `, the strongest ${MOST_ROWS} of ${list.length}` : '';
  return [make('h3', {}, title + more), list.length ? table(edgeRows(list.slice(0, MOST_ROWS), other)) : make('p', {class: 'quiet'}, `none among the ${nouns} on this page`)];
}

function pin(name) {
  change({pinned: state.pinned.includes(name) ? state.pinned.filter(one => one !== name) : [...state.pinned, name]});
}

function pins() {
  if (state.pinned.length === 0 && state.groups.length === 0) return [];
  const name = make('input', {type: 'text', 'aria-label': 'Name of the group', placeholder: 'name of the group', size: 14});
  const group = make('button', {type: 'button', onclick: () => {
    const called = name.value.trim() || 'group ' + (state.groups.length + 1);
    if (nodes.has(called) || called === 'logits' || state.groups.some(one => one.name === called)) {
      name.setCustomValidity('This name is taken: give another.');
      name.reportValidity();
      return;
    }
    change({groups: [...state.groups, {name: called, members: state.pinned}], pinned: [], selected: null});
  }}, 'group them');
  return [
    make('h3', {}, 'Pinned'),
    make('p', {}, ...state.pinned.map(one => make('button', {type: 'button', title: 'unpin', onclick: () => pin(one)}, one + ' ×'))),
    state.pinned.length > 1 ? make('p', {class: 'controls'}, name, group) : null,
    ...state.groups.map(one => make('p', {}, make('b', {}, visible(one.name)), ': ' + one.members.join(', ') + ' ',
      make('button', {type: 'button', onclick: () => change({groups: state.groups.filter(other => other !== one), selected: null})}, 'ungroup'))),
  ];
}

function strongest(what, list) {
  const rows = list.slice(0, 12).map(edge => {
    const link = make('button', {type: 'button', class: 'link', onclick: () => change({selected: edge.from})}, edge.name);
    hover(link, () => told(edge));
    return [link, estimate(edge[state.part]), qValue(edge.q)];
  });
  return [make('h3', {}, 'Strongest ' + what), table([['', PARTS.find(([part]) => part === state.part)[1], 'q'], ...rows])];
}

function drawPanel() {
  const panel = document.getElementById('panel');
  const name = state.selected;
  const node = nodes.get(name);
  if (name === null || (!node && name !== 'logits')) {
    panel.replaceChildren(
      ...strongest(nouns, ranked[state.part]), ...(mixed ? strongest(graph.pieces, ranked[state.part].filter(unit => unit.cut)) : []), ...pins().filter(Boolean));
    return;
  }
  const inputs = ranked[state.part].filter(edge => edge.to === name);
  const outputs = ranked[state.part].filter(edge => edge.from === name);
  panel.replaceChildren(...[
    make('h3', {}, name),
    make('p', {class: 'controls'},
      make('button', {type: 'button', 'aria-pressed': state.pinned.includes(name), onclick: () => pin(name)}, 'pin'),
      make('button', {type: 'button', onclick: () => change({selected: null})}, 'close')),
    node ? table([[ofEdges ? 'sum over outputs' : 'sum over its ' + nouns, 'score'], ...PARTS.map(([part, label]) => [label, estimate(node[part])])]) : null,
    ...actsAt(name),
    ...(ofEdges ? [...linked('Inputs', inputs, 'from'), ...linked('Outputs', outputs, 'to')] : ofNode(name)),
    ...pins(),
  ].filter(Boolean));
}

/** The units of a node. */
function ofNode(name) {
  const own = ranked[state.part].filter(unit => unit.from === name).slice(0, MOST_ROWS);
  const rows = own.map(unit => {
    const cell = make('span', {}, unit.name);
    hover(cell, () => told(unit));
    return [cell, estimate(unit[state.part]), qValue(unit.q)];
  });
  return [make('h3', {}, 'Its strongest ' + nouns), table([['', PARTS.find(([part]) => part === state.part)[1], 'q'], ...rows])];
}

/** At which bins of positions a component acts most. */
function actsAt(name) {
  const row = data.time ? data.time.components.findIndex(index => sourceName(index) === name) : -1;
  if (row < 0) return [];
  const bins = data.time[state.part][row].map((score, bin) => ({bin, score}));
  const most = d3.sort(bins, one => -Math.abs(one.score[0])).slice(0, 6);
  return [make('h3', {}, 'Acts at'), table([['positions', 'score'], ...most.map(({bin, score}) => [
    make('button', {type: 'button', class: 'link', onclick: () => change({bin})}, binName(bin)), estimate(score, true)])])];
}

const binName = bin => visible(data.time.bins[bin] + (data.time.examples[bin] ? ' “' + data.time.examples[bin] + '”' : ''));

follow(['selected', 'part', 'pinned', 'groups'], drawPanel);
