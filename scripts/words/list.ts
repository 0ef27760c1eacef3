/** Words that the docs do not use, and the field's words for what they mean. */

export interface Rule {
  /** As it stands in a text, in any case. */
  readonly pattern: RegExp;
  readonly instead: string;
}

const rule = (pattern: RegExp, instead: string): Rule => ({ pattern, instead });

export const RULES: readonly Rule[] = [
  rule(/\bleft\s+alone\b|\bleav(e|es|ing) (a|the|that|this)? ?(server|it)\s+alone\b/gi, 'ejected, or marked down'),
  rule(/\bours\b/gi, "memts's"),
  rule(/\bof (the caller's|one's) own\b/gi, "the caller's, or custom"),
  rule(/(?<!\bout-)\bthe floor\b|\bfloor's\b/gi, 'the raw-socket baseline'),
  rule(/\btold\b/gi, 'gets, receives, or says'),
  rule(/\brebuff(s|ed|ing)?\b/gi, 'reject'),
  rule(/\bhand(s|ed|ing)?( \w+)? through\b/gi, 'passes unchanged'),
  rule(/\b(login|logins|authentication|authenticates?|credentials) in text\b/gi, 'ASCII authentication'),
  rule(/\btext (login|authentication)\b/gi, 'ASCII authentication'),
  rule(/\bintroductions?\b/gi, 'handshake'),
  rule(/\btak(e|es|ing) leave\b/gi, 'disconnects'),
  rule(/\bout of step\b/gi, 'desynchronised'),
  rule(/(?<!\bthundering )\bherds?\b/gi, 'thundering herd'),
  rule(/\b(an|the|no|its|their|late|whose|every|each|whole) answers?\b/gi, 'response'),
  rule(/\b(one|next|last|late|later|same|long|any|one-word) answer\b/gi, 'response'),
  rule(/\b(several|these|such|late|one-word) answers\b|\banswers (come|came|lie)\b/gi, 'responses'),
  rule(/\b(can't|can not) be meant\b/gi, 'invalid'),
  rule(/\bbehind the back\b/gi, 'in the background'),
  rule(/\baffairs?\b/gi, 'who handles it'),
  rule(/\b(comes?|came|coming) to (nothing|something)\b/gi, 'fails, or succeeds'),
  rule(/\bin vain\b/gi, 'without success'),
  rule(/\bwithout a word\b/gi, 'silently'),
  rule(/\bhand(s|ed|ing)?( \w+)? along\b/gi, 'passes on'),
  rule(/\b(is|are|was|were) let through\b/gi, 'accepted, or ignored'),
  rule(/\banew\b/gi, 'again, or computes the new value'),
  rule(/\bheed(s|ed|ing)?\b/gi, 'listens to, or follows'),
  rule(/\bdear(er)?\b/gi, 'expensive'),
  rule(/\bidleness\b/gi, 'idle time'),
  rule(/\bevenest\b/gi, 'most even'),
  rule(/\bby dice\b/gi, 'by chance'),
  rule(/\bdoubling pauses\b|\bpauses that double\b/gi, 'exponential backoff with jitter'),
  rule(/\bagainst that stand(s)?\b/gi, 'a sentence whose subject does something'),
  rule(/\bmade once\b/gi, 'computed once'),
];
