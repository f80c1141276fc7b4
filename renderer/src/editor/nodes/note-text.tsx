// The little of Markdown that notes use: headings, lists, bold, code. No HTML, no links to follow.
import { Fragment, type ReactNode } from 'react'

const marks = /(\*\*[^*]+\*\*|`[^`]+`)/

function inline(text: string): ReactNode[] {
  return text.split(marks).map((part, index) => {
    // biome-ignore lint/suspicious/noArrayIndexKey: the parts of a line have no other name
    if (part.startsWith('**')) return <strong key={index}>{part.slice(2, -2)}</strong>
    if (part.startsWith('`') && part.length > 1) {
      return (
        // biome-ignore lint/suspicious/noArrayIndexKey: the same
        <code key={index} className="font-mono text-[12px]">
          {part.slice(1, -1)}
        </code>
      )
    }
    // `[words](address)` shows its words and address: nothing is opened from a workflow file.
    return part.replace(/\[([^\]]+)\]\((https?:[^)\s]+)\)/g, '$1 ($2)')
  })
}

function line(text: string): ReactNode {
  const heading = /^#{1,6}\s+(.*)$/.exec(text)
  if (heading) return <p className="font-semibold">{inline(heading[1]!)}</p>
  const item = /^\s*[-*]\s+(.*)$/.exec(text)
  if (item) {
    return (
      <p className="flex gap-2">
        <span aria-hidden>•</span>
        <span>{inline(item[1]!)}</span>
      </p>
    )
  }
  return text.trim() === '' ? <div className="h-2" /> : <p>{inline(text)}</p>
}

export const NoteText = ({ text }: { text: string }) =>
  text.split('\n').map((row, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: lines have no other name
    <Fragment key={index}>{line(row)}</Fragment>
  ))
