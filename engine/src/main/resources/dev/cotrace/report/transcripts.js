// Transcripts, token by token; what acted where.

const shown = data.transcripts;
const KINDS = {clean: 'clean model', corrupted: 'corrupted model', gradient: 'between', circuit: 'circuit'};

/** What tokens are coloured by; lists by sampled step or by position that is fed. */
const SHADES = [
  ['mass_through_cot', 'mass through the words', 'position', 'gradient there by which tokens get sampled, summed over all ' + nouns],
  ['mass_direct', 'mass around the words', 'position', 'gradient there at fixed tokens, summed over all ' + nouns],
  ['advantage', 'advantage', 'step', 'what the rest of the transcript is worth, less what it is for the other rollouts'],
  ['surprisal', 'surprisal', 'step', 'minus the log-probability of the token, in nats'],
  ['kl', 'KL from the clean model', 'step', 'divergence of this step, in nats'],
];

state.pair = 'all';
state.kind = 'all';
state.order = 'value';
state.shade = 'mass_through_cot';
state.rollout = 0;
state.position = null;

const tokenText = index => shown.tokens[index];
const texts = indices => indices.map(index => tokenText(index)).join('');

/** All tokens of a rollout as they were fed, with what is known of each. */
function tokensOf(rollout) {
  const pair = shown.pairs[rollout.pair];
  const prompt = pair.clean.length;
  const ended = rollout.finish === 'end-token' ? 1 : 0;
  const thought = rollout.sampled.length - ended;
  const after = [...pair.answer_prefix, ...pair.answer];
  const tokens = [...pair.clean, ...rollout.sampled.slice(0, thought), ...after];
  return tokens.map((token, at) => ({
    token,
    at,
    zone: at < prompt ? 'prompt' : at < prompt + thought ? 'thought' : at < prompt + thought + pair.answer_prefix.length ? 'prefix' : 'answer',
    step: at >= prompt && at < prompt + thought ? at - prompt : null,
    sentence: rollout.sentences?.[at],
    bin: rollout.bins?.[at],
  }));
}

function shadeOf(rollout, name, token) {
  if (name === 'surprisal') return token.step === null ? null : -rollout.log_probabilities[token.step];
  const list = rollout[name];
  if (!list) return null;
  const at = name.startsWith('mass') ? token.at : token.step;
  return at === null ? null : list[at] ?? null;
}

function rolloutsInOrder() {
  const all = shown.rollouts.map((rollout, index) => ({rollout, index}))
    .filter(({rollout}) => (state.pair === 'all' || String(rollout.pair) === state.pair) && (state.kind === 'all' || rollout.kind === state.kind));
  return state.order === 'value' ? d3.sort(all, ({rollout}) => -(rollout.value ?? -Infinity)) : all;
}

const gateOf = rollout => rollout.kind === 'gradient' ? `gate ${number(rollout.alpha)}` : KINDS[rollout.kind];

const titleOf = rollout => `${number(rollout.value)} · pair ${visible(shown.pairs[rollout.pair].id)} · ${gateOf(rollout)}`;

function drawList(list) {
  const all = rolloutsInOrder();
  list.replaceChildren(...all.map(({rollout, index}) => make('button', {type: 'button', 'aria-pressed': index === state.rollout, onclick: () => change({rollout: index, position: null})},
    titleOf(rollout),
    make('small', {}, visible(texts(rollout.sampled)).slice(0, 160)))));
  if (all.length === 0) list.append(make('p', {class: 'note'}, 'no transcript is both'));
}

/** A token as an element, its hidden characters spelled out. */
function tokenElement(rollout, token, scale, differs) {
  const value = shadeOf(rollout, state.shade, token);
  const raw = tokenText(token.token);
  const element = make('span', {class: 'token' + (differs ? ' differs' : '') + (token.at === state.position ? ' chosen' : ''), role: 'button', tabindex: '-1', 'data-at': token.at});
  const text = visible(raw);
  element.append(text === '' ? '∅' : text);
  if (raw.includes('\n')) element.append('\n');
  if (value !== null) {
    const shade = scale(value);
    element.style.background = shade;
    element.style.color = d3.lab(shade).l > 55 ? '#16191d' : '#ffffff';
  }
  return element;
}

const largestShades = new Map();

/** The largest number of a shade in any transcript: one scale for all, so that they compare. */
function largestShade(name) {
  if (!largestShades.has(name)) {
    largestShades.set(name, d3.max(shown.rollouts, rollout => d3.max(tokensOf(rollout), token => Math.abs(shadeOf(rollout, name, token) ?? 0))) ?? 0);
  }
  return largestShades.get(name);
}

function toldOfToken(rollout, token) {
  const lines = [visible(tokenText(token.token)) + (token.step === null ? ` (${token.zone}, position ${token.at})` : ` (step ${token.step})`)];
  for (const [name, label] of SHADES) {
    const value = shadeOf(rollout, name, token);
    if (value !== null) lines.push(`${label}: ${number(value)}`);
  }
  if (token.bin !== undefined && data.time) lines.push('bin: ' + visible(data.time.bins[token.bin]));
  return lines.join('\n');
}

const ZONES = {prompt: 'Prompt', thought: 'Chain of thought', prefix: 'Answer prefix', answer: 'Answer'};

function drawText(box) {
  const rollout = shown.rollouts[state.rollout];
  if (!rollout) {
    box.replaceChildren(make('p', {class: 'quiet'}, 'There are no transcripts: nothing was sampled, or all rollouts were listed.'));
    return;
  }
  const pair = shown.pairs[rollout.pair];
  const tokens = tokensOf(rollout);
  const scale = diverging(largestShade(state.shade));
  const parts = [];
  for (const [zone, title] of Object.entries(ZONES)) {
    const own = tokens.filter(token => token.zone === zone);
    if (own.length === 0) continue;
    parts.push(make('h4', {}, title));
    let sentence = null, block = null;
    for (const token of own) {
      if (block === null || (zone === 'thought' && token.sentence !== sentence)) {
        block = make('span', {class: zone === 'thought' && token.sentence !== undefined ? 'sentence' : ''});
        parts.push(block);
        sentence = token.sentence;
      }
      const differs = zone === 'prompt' && pair.corrupted.length === pair.clean.length && pair.corrupted[token.at] !== token.token;
      block.append(tokenElement(rollout, token, scale, differs));
    }
    if (zone === 'prompt') parts.push(make('h4', {}, 'Corrupted prompt'), corruptedPrompt(pair));
  }
  box.replaceChildren(make('h3', {}, 'F = ' + titleOf(rollout)), ...parts);
  const first = box.querySelector('.chosen') ?? box.querySelector('.token[data-at]');
  first?.setAttribute('tabindex', '0');
}

function corruptedPrompt(pair) {
  const same = pair.corrupted.length === pair.clean.length;
  return make('span', {}, ...pair.corrupted.map((token, at) =>
    make('span', {class: 'token' + (same && pair.clean[at] !== token ? ' differs' : '')}, visible(tokenText(token)))));
}

/** Components and edges that acted where the chosen token is read. */
function drawStep(box) {
  const rollout = shown.rollouts[state.rollout];
  const token = rollout && state.position !== null ? tokensOf(rollout)[state.position] : null;
  if (!token) {
    box.replaceChildren(make('p', {class: 'quiet'}, 'Press a token to see what acted there. Arrow keys move from token to token.'));
    return;
  }
  const parts = [make('h3', {}, toldOfToken(rollout, token).split('\n')[0]),
    table([['', ''], ...toldOfToken(rollout, token).split('\n').slice(1).map(line => line.split(/: (.*)/s).slice(0, 2))])];
  if (!data.time || token.bin === undefined) {
    parts.push(make('p', {class: 'quiet'}, 'Which components acted there is known where a run resolves time: ', make('code', {}, '--bins step'), ' or ', make('code', {}, '--bins sentence'), '.'));
  } else {
    const scores = data.time.components.map((index, i) => ({name: sourceName(index), score: data.time[state.part][i][token.bin]}));
    const most = d3.sort(scores, one => -Math.abs(one.score[0])).slice(0, 8);
    parts.push(make('h3', {}, 'Components at ' + visible(data.time.bins[token.bin]) + ', over all transcripts'),
      table([['', 'score'], ...most.map(({name, score}) => [make('button', {type: 'button', class: 'link', onclick: () => change({selected: name})}, name), estimate(score, true)])]));
    const list = data.time.edges[token.bin];
    const strongest = d3.sort(d3.range(list.source?.length ?? 0), i => -Math.abs(list[state.part][i][0])).slice(0, 8);
    parts.push(make('h3', {}, capital(nouns) + ' there'), table([['', 'score'], ...strongest.map(i => [unitName(list, i), estimate(list[state.part][i])])]));
  }
  box.replaceChildren(...parts);
}

{
  const parent = section('transcripts');
  const select = (key, label, options) => make('label', {}, label, make('select', {onchange: event => change({[key]: event.target.value})},
    ...options.map(([value, text]) => make('option', {value, selected: state[key] === value}, text))));
  const known = SHADES.filter(([name]) => name === 'surprisal' || shown.rollouts.some(rollout => rollout[name]));
  if (!known.some(([name]) => name === state.shade)) state.shade = known[0][0];
  const kinds = Object.entries(KINDS).filter(([kind]) => shown.rollouts.some(rollout => rollout.kind === kind));
  parent.append(
    make('p', {}, `${shown.rollouts.length} of ${shown.of} rollouts are on this page. Underlined tokens of the prompt differ between clean and corrupted.`),
    make('div', {class: 'controls'},
      select('pair', 'Pair', [['all', 'all'], ...shown.pairs.map((pair, i) => [String(i), visible(pair.id)])]),
      select('kind', 'Sampled from', [['all', 'all'], ...kinds]),
      select('order', 'Sorted by', [['value', 'reward'], ['time', 'time of sampling']]),
      select('shade', 'Colour', known)));
  const list = make('div', {class: 'list', role: 'group', 'aria-label': 'Rollouts'});
  const text = make('div', {class: 'text', id: 'text'});
  const legendLine = make('p', {class: 'note'});
  const step = make('div', {class: 'panel', id: 'step', 'aria-live': 'polite'});
  const right = make('div', {}, legendLine, text, step);
  parent.append(make('div', {class: 'transcripts'}, list, right));
  const pick = target => {
    const at = target.closest?.('.token[data-at]')?.dataset.at;
    if (at === undefined) return;
    const position = Number(at);
    change({position, bin: shown.rollouts[state.rollout].bins?.[position] ?? null});
  };
  text.addEventListener('click', event => pick(event.target));
  text.addEventListener('keydown', event => {
    const all = [...text.querySelectorAll('.token[data-at]')];
    const now = all.indexOf(document.activeElement);
    const next = {ArrowRight: now + 1, ArrowLeft: now - 1, Home: 0, End: all.length - 1}[event.key];
    if (event.key === 'Enter' || event.key === ' ') {
      event.preventDefault();
      pick(event.target);
      text.querySelector('.chosen')?.focus();
    } else if (next !== undefined && all[next]) {
      event.preventDefault();
      all[now]?.setAttribute('tabindex', '-1');
      all[next].setAttribute('tabindex', '0');
      all[next].focus();
    }
  });
  // One listener for all tokens: there may be ten thousand.
  let over = null;
  hover(text, () => over === null ? '' : toldOfToken(shown.rollouts[state.rollout], tokensOf(shown.rollouts[state.rollout])[over]));
  text.addEventListener('pointermove', event => {
    const at = event.target.closest?.('.token[data-at]')?.dataset.at;
    over = at === undefined ? null : Number(at);
    if (over === null) tip.hidden = true;
  });
  // Begin with the rollout in which most is attributed.
  const mass = ({rollout}) => d3.sum([...rollout.mass_through_cot ?? [], ...rollout.mass_direct ?? []], Math.abs);
  state.rollout = d3.greatest(rolloutsInOrder(), mass)?.index ?? 0;
  follow(['pair', 'kind', 'order', 'rollout'], () => drawList(list));
  const pressed = list.querySelector('[aria-pressed="true"]');
  if (pressed) list.scrollTop = pressed.offsetTop - list.offsetTop;
  follow(['rollout', 'shade', 'theme'], () => {
    drawText(text);
    const [, label, , meaning] = SHADES.find(([name]) => name === state.shade);
    const largest = largestShade(state.shade);
    legendLine.textContent = `${label}: ${meaning}. Blue to ${number(largest)}, orange to ${number(-largest)}, by square roots, the same in all transcripts.`;
  });
  follow(['position'], () => {
    text.querySelector('.chosen')?.classList.remove('chosen');
    if (state.position !== null) text.querySelector(`[data-at="${state.position}"]`)?.classList.add('chosen');
  });
  follow(['position', 'rollout', 'part'], () => drawStep(step));
}
