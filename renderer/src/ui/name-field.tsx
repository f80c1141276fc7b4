import { useRef } from 'react'
import { cx } from './class-names.ts'

interface Props {
  /** What is named, for screen readers. */
  label: string
  name: string
  className?: string
  /** A name that is new and not empty. */
  onName: (name: string) => void
  onDone: () => void
}

/** Names something in place: Enter or leaving takes the name, Escape does not. */
export function NameField({ label, name, className, onName, onDone }: Props) {
  const dropped = useRef(false)
  return (
    <input
      // biome-ignore lint/a11y/noAutofocus: it was double-clicked to be named
      autoFocus
      aria-label={label}
      defaultValue={name}
      className={cx('nodrag nopan pointer-events-auto min-w-0 rounded bg-field px-1', className)}
      onFocus={event => event.target.select()}
      onDoubleClick={event => event.stopPropagation()}
      onPointerDown={event => event.stopPropagation()}
      onKeyDown={event => {
        event.stopPropagation()
        if (event.key === 'Escape') dropped.current = true
        if (event.key === 'Enter' || event.key === 'Escape') event.currentTarget.blur()
      }}
      onBlur={event => {
        const next = event.target.value.trim()
        if (!dropped.current && next && next !== name) onName(next)
        onDone()
      }}
    />
  )
}
