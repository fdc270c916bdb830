// Where the numbers are from, how to make them again, and how to cite them.

{
  const parent = section('about');
  const p = data.run.provenance;
  const rows = [
    ['model', data.run.model], ['task', data.run.task], ['objective', data.run.objective], ['method', data.metrics.method],
    ['gates sit on', ofEdges ? '' : graph.level], ['dictionary', data.run.dictionary], ['errors of features in circuits', data.run.errors],
    ['sign', p.sign_convention], ['started', p.started], ['seconds', number(data.metrics.seconds)], ['gate values', data.metrics.points],
    ['sampled tokens', number(data.metrics.sampled_tokens)], ['seed', p.seed], ['device', p.device],
    ['versions', Object.entries(p.versions ?? {}).map(([name, version]) => `${name} ${version}`).join(', ')],
    ['machine', Object.values(p.machine ?? {}).join(', ')],
    ...Object.entries(p.model_sha256 ?? {}).map(([file, hash]) => [`SHA-256 of ${file}`, hash]),
    ...Object.entries(p.dictionary_sha256 ?? {}).map(([file, hash]) => [`SHA-256 of dictionary ${file}`, hash]),
    ['SHA-256 of the task', p.task_sha256],
  ];
  parent.append(
    make('dl', {}, ...rows.filter(([, value]) => value !== null && value !== undefined && value !== '').flatMap(([name, value]) => [make('dt', {}, visible(name)), make('dd', {}, visible(String(value)))])),
    make('h3', {}, 'To make it again'),
    make('p', {}, 'The settings of the run; save them and give them to ', make('code', {}, 'cotrace discover --config spec.yaml'), ', which gives the same numbers.'),
    make('p', {}, make('button', {type: 'button', onclick: () => save('spec.yaml', 'text/yaml', data.run.spec)}, 'spec.yaml'), ' ',
      make('button', {type: 'button', onclick: () => save('provenance.json', 'application/json', JSON.stringify(p, null, 2))}, 'provenance.json')),
    make('pre', {}, visible(data.run.spec).replace(/↵/g, '\n')),
    make('h3', {}, 'To cite it'),
    make('pre', {}, `@misc{cotrace_${String(p.started ?? '').slice(0, 10).replace(/-/g, '')},
  title = {Circuit of ${data.run.model} on ${data.run.task}},
  note  = {Cotrace ${p.versions?.cotrace ?? ''}, method ${data.metrics.method}, seed ${p.seed}, ${String(p.started ?? '').slice(0, 10)}},
}
@misc{garrigaalonso2025circuit,
  author = {Garriga-Alonso, Adri{\\\`a}},
  title  = {Circuit discovery through chain of thought using policy gradients},
  year   = {2025},
}
@misc{hanna2024have,
  author = {Hanna, Michael and Pezzelle, Sandro and Belinkov, Yonatan},
  title  = {Have Faith in Faithfulness: Going Beyond Circuit Overlap When Finding Model Mechanisms},
  year   = {2024}, eprint = {2403.17806}, archivePrefix = {arXiv},
}`),
    make('p', {class: 'note'}, 'Figures are drawn with d3 (ISC licence, Mike Bostock), which is in this file.'));
}
