// What all pages share: the data, what is chosen, and how numbers and texts are shown.

const data = JSON.parse(document.getElementById('data').textContent);

/** What several figures follow; pages add what they need. */
const state = {};

// Without its figures a page would look finished.
addEventListener('error', event => {
  document.querySelector('main')?.prepend(make('p', {class: 'notice', role: 'alert'}, `Not all of this page could be drawn: ${event.message}.`));
});

const followers = [];

/** Calls `draw` now and whenever one of `keys` of the state changes. */
function follow(keys, draw) {
  followers.push({keys, draw});
  draw();
}

function change(update) {
  Object.assign(state, update);
  for (const follower of followers) {
    if (follower.keys.some(key => key in update)) follower.draw();
  }
}

/** An element; children are elements or texts, never markup. */
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (name.startsWith('aria-')) element.setAttribute(name, String(value));
    else if (value !== undefined && value !== false) element.setAttribute(name, value === true ? '' : value);
  }
  element.append(...children.filter(child => child !== null && child !== undefined));
  return element;
}

const section = id => document.getElementById(id);

const minus = text => text.replace(/-/g, '−');

/** A number with three significant digits. */
function number(value) {
  if (value === null || value === undefined) return 'unknown';
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e6)) return minus(value.toExponential(2));
  return minus(size >= 1000 ? Math.round(value).toLocaleString('en') : String(Number(value.toPrecision(3))));
}

/** A value with its standard error, both to the second digit of the error. */
function estimate(pair, bound = false) {
  const [value, error] = Array.isArray(pair) ? pair : [pair?.value, pair?.stderr];
  if (value === null || value === undefined) return 'unknown';
  const sign = bound ? ' ±≤ ' : ' ± ';
  if (error === null || error === undefined) return number(value) + sign + 'unknown';
  if (error === 0) return number(value) + ' ± 0';
  if (error < 5e-7 && Math.abs(value) >= 1e-3) return number(value) + sign + minus(error.toExponential(0));
  if (Math.max(Math.abs(value), error) < 1e-3 || error >= 1e5) {
    return minus(value.toExponential(2)) + sign + minus(error.toExponential(1));
  }
  const digits = Math.min(6, Math.max(0, 1 - Math.floor(Math.log10(error))));
  return minus(value.toFixed(digits)) + sign + error.toFixed(digits);
}

/** A q-value; all with as many decimals, to stand in a column. */
const qValue = q => q === null || q === undefined ? 'unknown' : q > 0 && q < 1e-4 ? minus(q.toExponential(0)) : q.toFixed(4);

const HIDDEN = /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/gu;

/** A text in which what has no shape, or would turn its surroundings around, is spelled out. */
function visible(text) {
  return text.replace(HIDDEN, c => {
    if (c === '\n') return '↵';
    if (c === '\t') return '⇥';
    return '⟨U+' + c.codePointAt(0).toString(16).toUpperCase().padStart(4, '0') + '⟩';
  });
}

const tip = document.getElementById('tip');

/** Shows what `text` says beside the pointer, or the focus, while it is on `element`. */
function hover(element, text) {
  const show = (x, y) => {
    tip.textContent = text();
    tip.hidden = false;
    tip.style.left = Math.max(4, Math.min(x + 14, innerWidth - tip.offsetWidth - 8)) + 'px';
    tip.style.top = Math.max(4, Math.min(y + 14, innerHeight - tip.offsetHeight - 8)) + 'px';
  };
  const hide = () => { tip.hidden = true; };
  element.addEventListener('pointermove', event => show(event.clientX, event.clientY));
  element.addEventListener('pointerleave', hide);
  element.addEventListener('focus', () => {
    const box = element.getBoundingClientRect();
    if (element.matches(':focus-visible')) show(box.right, box.bottom);
  });
  element.addEventListener('blur', hide);
}

/** Makes a drawn mark something to press, by pointer and by keyboard. */
function pressable(element, label, press) {
  element.setAttribute('role', 'button');
  element.setAttribute('tabindex', '0');
  element.setAttribute('aria-label', label);
  element.addEventListener('click', press);
  element.addEventListener('keydown', event => {
    if (event.key === 'Enter' || event.key === ' ') {
      event.preventDefault();
      press(event);
    }
  });
}

/** Buttons of which one is pressed: the value of `key`. */
function choice(container, key, options) {
  for (const [value, label] of options) {
    container.append(make('button', {type: 'button', role: 'radio', 'data-value': value, onclick: () => change({[key]: value})}, label));
  }
  follow([key], () => {
    for (const button of container.children) button.setAttribute('aria-checked', button.dataset.value === state[key]);
  });
  return container;
}

const themeButton = document.getElementById('theme');

function setTheme(theme) {
  document.documentElement.dataset.theme = theme;
  change({theme});
}

themeButton.addEventListener('click', () => setTheme(document.documentElement.dataset.theme === 'dark' ? 'light' : 'dark'));
document.documentElement.dataset.theme = matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';

const colour = name => getComputedStyle(document.documentElement).getPropertyValue('--' + name).trim();

/** From −largest to largest, the middle at zero; by square roots, so that weak values beside strong ones show. */
function diverging(largest) {
  const between = d3.piecewise(d3.interpolateLab, [colour('negative'), colour('middle'), colour('positive')]);
  return d3.scaleDivergingSqrt([-(largest || 1), 0, largest || 1], between).unknown(colour('none'));
}
