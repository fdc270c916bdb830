// What each sentence of a clean chain of thought matters, where the run asked for it.

if (data.sentences?.length) {
  listing(section('transcripts'), 'Sentences that matter', ['pair', 'rollout', 'sentence', 'text', 'value', 'importance'],
    d3.sort(data.sentences, one => -Math.abs(one.importance.value)).map(one => [one.pair, one.rollout, one.sentence, one.text, one.value, one.importance]),
    'Value: what the clean model\'s chains of thought are worth on average that begin with all up to the end of the sentence. Importance: that less the value before it.');
}
