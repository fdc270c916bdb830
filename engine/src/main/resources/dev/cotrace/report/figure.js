// A figure: a drawing that is made anew when what it shows changes, with its exports.

let figures = 0;

/**
 * Adds a figure to `parent`.
 *
 * @param title what it shows; also the names of exported files
 * @param keys of the state at whose change it is drawn anew
 * @param draw gets an empty svg and its width; marks carry their colours themselves, so that exports look alike
 * @param rows of the table behind it, the first are the names of columns
 * @param vega its Vega-Lite specification for the rows as `data.values`
 */
function figure(parent, {title, keys, draw, rows, vega, note}) {
  const id = 'figure-' + ++figures;
  const holder = make('div', {class: 'drawing', tabindex: '0', 'aria-label': title, role: 'group'});
  const file = fileName(title);
  const svg = () => holder.querySelector('svg');
  const exports = make('span', {class: 'exports'},
    make('button', {type: 'button', onclick: () => save(file + '.svg', 'image/svg+xml', standalone(svg()))}, 'SVG'), ' ',
    make('button', {type: 'button', onclick: () => savePng(file + '.png', svg())}, 'PNG'), ' ',
    make('button', {type: 'button', onclick: () => save(file + '.csv', 'text/csv', csv(rows()))}, 'CSV'), ' ',
    make('button', {type: 'button', onclick: () => save(file + '.vl.json', 'application/json', vegaLite(title, rows(), vega()))}, 'Vega-Lite'));
  const element = make('figure', {id},
    make('figcaption', {}, make('strong', {}, title), exports), holder);
  if (note) element.append(make('p', {class: 'note'}, note));
  parent.append(element);
  const redraw = () => {
    const scroll = [holder.scrollLeft, holder.scrollTop];
    holder.replaceChildren();
    const width = Math.max(320, holder.clientWidth);
    draw(d3.select(holder).append('svg').attr('font-family', 'system-ui, sans-serif').attr('font-size', 12), width);
    holder.scrollTo(...scroll);
  };
  follow([...keys, 'theme', 'width'], redraw);
  return element;
}

const fileName = title => title.toLowerCase().replace(/[^a-z0-9]+/g, '-').replace(/-+$/, '');

let resizing;
addEventListener('resize', () => {
  clearTimeout(resizing);
  resizing = setTimeout(() => change({width: innerWidth}), 150);
});

function save(name, type, text) {
  saveBlob(name, text instanceof Blob ? text : new Blob([text], {type}));
}

function saveBlob(name, blob) {
  const link = make('a', {href: URL.createObjectURL(blob), download: name});
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** The drawing as a file of its own, on the page's background. */
function standalone(svg) {
  const copy = svg.cloneNode(true);
  const [width, height] = [svg.getAttribute('width'), svg.getAttribute('height')];
  copy.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
  copy.setAttribute('viewBox', `0 0 ${width} ${height}`);
  d3.select(copy).insert('rect', ':first-child').attr('width', width).attr('height', height).attr('fill', colour('back'));
  copy.querySelectorAll('[tabindex]').forEach(mark => mark.removeAttribute('tabindex'));
  return new XMLSerializer().serializeToString(copy);
}

function savePng(name, svg) {
  const scale = 2;
  const image = new Image();
  const source = URL.createObjectURL(new Blob([standalone(svg)], {type: 'image/svg+xml'}));
  image.onload = () => {
    const canvas = make('canvas', {width: scale * svg.getAttribute('width'), height: scale * svg.getAttribute('height')});
    const context = canvas.getContext('2d');
    context.scale(scale, scale);
    context.drawImage(image, 0, 0);
    URL.revokeObjectURL(source);
    canvas.toBlob(blob => saveBlob(name, blob), 'image/png');
  };
  image.src = source;
}

/** Rows as CSV; a cell that a spreadsheet would compute is kept from it by a quote. */
function csv(rows) {
  const cell = value => {
    if (value === null || value === undefined) return '';
    let text = String(value);
    if (typeof value === 'string' && /^[=+\-@\t\r]/.test(text)) text = "'" + text;
    return /[",\n\r]/.test(text) ? '"' + text.replace(/"/g, '""') + '"' : text;
  };
  return rows.map(row => row.map(cell).join(',') + '\r\n').join('');
}

function vegaLite(title, rows, spec) {
  const [names, ...values] = rows;
  const records = values.map(row => Object.fromEntries(names.map((name, i) => [name, row[i]])));
  const schema = 'https://vega.github.io/schema/vega-lite/v5.json';
  return JSON.stringify({$schema: schema, title, data: {values: records}, ...spec}, null, 1);
}

/** A chart's frame with axes, labelled; returns the group inside. */
function axes(svg, width, height, x, y, xLabel, yLabel) {
  const margin = {left: 64, right: 30, top: 10, bottom: 42};
  svg.attr('width', width).attr('height', height);
  x.range([margin.left, width - margin.right]);
  y.range([height - margin.bottom, margin.top]);
  const ink = colour('quiet');
  const style = axis => axis.call(g => g.selectAll('text').attr('fill', ink)).call(g => g.selectAll('line,path').attr('stroke', colour('line')));
  const ticks = x.ticks ? d3.axisBottom(x).ticks(Math.max(3, width / 110), '~s') : d3.axisBottom(x);
  svg.append('g').attr('transform', `translate(0,${height - margin.bottom})`).call(ticks).call(style);
  svg.append('g').attr('transform', `translate(${margin.left},0)`).call(d3.axisLeft(y).ticks(6)).call(style)
    .call(g => g.selectAll('.tick line').clone().attr('x2', width - margin.left - margin.right).attr('stroke-opacity', .5));
  svg.append('text').attr('x', width - margin.right).attr('y', height - 8).attr('text-anchor', 'end').attr('fill', ink).text(xLabel);
  svg.append('text').attr('x', 4).attr('y', margin.top + 2).attr('dominant-baseline', 'hanging').attr('fill', ink).attr('transform', `rotate(-90 12 ${height / 2}) translate(${-height / 2 + 60} ${height / 2 - 22})`).text(yLabel);
  return svg.append('g');
}

/** A line through estimates with a band of one standard error. */
function band(group, points, x, y, fill, dash) {
  const known = points.filter(p => p.value !== null && p.value !== undefined);
  group.append('path').attr('fill', fill).attr('fill-opacity', .18)
    .attr('d', d3.area(p => x(p.at), p => y(p.value - (p.error ?? 0)), p => y(p.value + (p.error ?? 0)))(known));
  group.append('path').attr('fill', 'none').attr('stroke', fill).attr('stroke-width', 2).attr('stroke-dasharray', dash)
    .attr('d', d3.line(p => x(p.at), p => y(p.value))(known));
  for (const point of known) {
    const mark = group.append('circle').attr('cx', x(point.at)).attr('cy', y(point.value)).attr('r', 3.5).attr('fill', fill);
    hover(mark.node(), () => point.told);
  }
}

/** Names of what is drawn, with their colours. */
function legend(entries) {
  return make('p', {class: 'note'}, ...entries.map(([label, name]) => {
    const swatch = make('i');
    swatch.style.background = `var(--${name})`;
    return make('span', {class: 'legend'}, swatch, label);
  }));
}

/** A table of rows; the first are the names of columns. Numbers stand to the right. */
function table(rows, count = Infinity) {
  const [names, ...values] = rows;
  const isNumber = names.map((_, i) => values.some(row => typeof row[i] === 'number' || /±/.test(row[i])));
  const cell = tag => (value, i) => make(tag, {class: isNumber[i] ? 'number' : undefined}, value instanceof Node ? value : typeof value === 'number' ? number(value) : visible(String(value ?? '')));
  return make('table', {},
    make('thead', {}, make('tr', {}, ...names.map(cell('th')))),
    make('tbody', {}, ...values.slice(0, count).map(row => make('tr', {}, ...row.map(cell('td'))))));
}

/**
 * Adds a table of its own to `parent`, with its CSV. An estimate, `{value, stderr}`, is one cell on the page and two columns of the file.
 *
 * @param names of the columns
 * @param note what the numbers are, if the names do not say
 */
function listing(parent, title, names, rows, note) {
  const isEstimate = cell => cell !== null && typeof cell === 'object';
  const estimated = names.map((_, i) => rows.some(row => isEstimate(row[i])));
  const apart = (row, one, both) => row.flatMap((cell, i) => estimated[i] ? both(cell) : [one(cell)]);
  const all = () => [apart(names, name => name, name => [name, name + ' stderr']),
    ...rows.map(row => apart(row, cell => cell ?? '', cell => [cell?.value ?? '', cell?.stderr ?? '']))];
  const shown = rows.map(row => row.map((cell, i) => isEstimate(cell) ? estimate(cell) : estimated[i] ? '' : cell ?? ''));
  parent.append(make('div', {class: 'listing'}, make('h3', {}, title),
    make('span', {class: 'exports'}, make('button', {type: 'button', onclick: () => save(fileName(title) + '.csv', 'text/csv', csv(all()))}, 'CSV'))));
  if (note) parent.append(make('p', {}, note));
  parent.append(make('div', {class: 'scroll'}, table([names, ...shown])));
}
