/**
 * Draws one of the choices in `a {red|green {dark|light}} ball`, and takes comments out (from `//` to
 * the end of the line, and between slashes with stars), as ComfyUI's page does on queueing. `\{`, `\|`
 * and `\}` stand for themselves.
 */
export function drawPrompt(text: string, random: () => number): string {
  const source = text.replace(/\/\*.*?\*\/|\/\/[^\n]*/gs, '')
  if (!source.includes('{')) return source
  // What is open: the choices so far, the last one still growing. The bottom is the text itself.
  const open: string[][] = [['']]
  const append = (part: string): void => {
    const choices = open.at(-1)!
    choices[choices.length - 1] += part
  }
  for (const [part] of source.matchAll(/\\[{|}]|[^{|}\\]+|./gs)) {
    if (part === '{') open.push([''])
    else if (part === '|' && open.length > 1) open.at(-1)!.push('')
    else if (part === '}' && open.length > 1) {
      const choices = open.pop()!
      append(choices[Math.floor(random() * choices.length)]!)
    } else append(part.length === 2 && part[0] === '\\' ? part[1]! : part)
  }
  // A brace that nobody closed was meant as one.
  while (open.length > 1) {
    const choices = open.pop()!
    append(`{${choices.join('|')}`)
  }
  return open[0]![0]!
}
