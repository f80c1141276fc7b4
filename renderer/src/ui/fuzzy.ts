// Fuzzy search for palettes: every word of the query must occur in order of its letters; a hit at
// the start of a word and unbroken runs count more. Short, so a list of thousands ranks per keystroke.

const startsWord = (text: string, at: number): boolean =>
  at === 0 ||
  /[\s_\-/.:]/.test(text[at - 1]!) ||
  (text[at]! !== text[at]!.toLowerCase() && text[at - 1]! === text[at - 1]!.toLowerCase())

/** Higher is better; undefined when the letters of `word` do not occur in order. */
function scoreWord(word: string, text: string, lower: string): number | undefined {
  const whole = lower.indexOf(word)
  if (whole >= 0) {
    const exact = whole === 0 && lower.length === word.length
    return 100 + (exact ? 60 : 0) + (startsWord(text, whole) ? 40 : 0) - Math.min(whole, 20)
  }
  let score = 0
  let from = 0
  let last = -2
  for (const letter of word) {
    const at = lower.indexOf(letter, from)
    if (at < 0) return undefined
    score += at === last + 1 ? 4 : startsWord(text, at) ? 6 : -1
    last = at
    from = at + 1
  }
  return score > word.length ? score : undefined
}

/** How well `query` finds `texts`; the first text (the title) counts most. */
export function fuzzyScore(query: string, texts: readonly string[]): number | undefined {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean)
  let total = 0
  for (const word of words) {
    let best: number | undefined
    texts.forEach((text, index) => {
      const score = scoreWord(word, text, text.toLowerCase())
      if (score === undefined) return
      const weighted = score - index * 12
      if (best === undefined || weighted > best) best = weighted
    })
    if (best === undefined) return undefined
    total += best
  }
  return total - Math.min((texts[0] ?? '').length, 40) / 40
}

/** The items that match, best first; all of them, in their order, for an empty query. */
export function fuzzyFilter<T>(
  query: string,
  items: readonly T[],
  texts: (item: T) => readonly string[],
): T[] {
  if (query.trim() === '') return [...items]
  return items
    .map(item => ({ item, score: fuzzyScore(query, texts(item)) }))
    .filter((hit): hit is { item: T; score: number } => hit.score !== undefined)
    .sort((a, b) => b.score - a.score)
    .map(hit => hit.item)
}
