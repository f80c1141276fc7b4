// A number: drag sideways to change it, click to type, arrow keys to step.
import { useRef, useState } from 'react'
import type { Json } from '../../../../engine/graph/json.ts'
import { cx } from '../../ui/class-names.ts'
import { focusCanvas } from '../canvas-state.ts'
import { type NumberWidget, readTyped, shareOf, showNumber, stepBy } from './numbers.ts'
import type { WidgetProps } from './widget-props.ts'

/** Pixels of drag for one step. */
const pixelsPerStep = 6
const dragThreshold = 3

export function NumberField(props: WidgetProps<NumberWidget>) {
  const { widget, value, label, disabled, onChange, onDone } = props
  const [typed, setTyped] = useState<string>()
  const input = useRef<HTMLInputElement>(null)
  const drag = useRef<{ x: number; from: Json; moved: boolean }>(undefined)
  const given = useRef(false)
  const share = shareOf(widget, value)
  const shown = showNumber(widget, value)
  const mono = widget.kind === 'int' && widget.seed
  const typing = typed !== undefined

  const keep = () => {
    const next = typed === undefined || given.current ? undefined : readTyped(widget, typed)
    given.current = false
    setTyped(undefined)
    if (next !== undefined && typed !== shown && String(next) !== String(value)) onChange(next)
    onDone()
  }

  const step = (steps: number) => {
    const base = typed === undefined ? undefined : readTyped(widget, typed)
    const next = stepBy(widget, base ?? value ?? null, steps)
    onChange(next)
    if (typing) setTyped(showNumber(widget, next))
  }

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: dragging is for pointers; the input inside has the keys
    <div
      className={cx(
        'nodrag relative flex h-6 items-center gap-2 overflow-hidden rounded-control bg-field px-2 focus-within:outline-2 focus-within:outline-accent hover:bg-field-hover',
        disabled && 'opacity-50',
        !disabled && !typing && 'cursor-ew-resize',
      )}
      onMouseDown={event => {
        // Without focus a press is the beginning of a drag or a click, not of a text selection.
        if (!typing) event.preventDefault()
      }}
      onPointerDown={event => {
        if (disabled || typing || event.button !== 0) return
        event.currentTarget.setPointerCapture(event.pointerId)
        drag.current = { x: event.clientX, from: value ?? widget.default, moved: false }
      }}
      onPointerMove={event => {
        const start = drag.current
        if (!start) return
        const pixels = event.clientX - start.x
        if (!start.moved && Math.abs(pixels) < dragThreshold) return
        start.moved = true
        const speed = event.shiftKey ? 10 : event.altKey ? 0.2 : 1
        const next = stepBy(widget, start.from, Math.round((pixels / pixelsPerStep) * speed))
        if (String(next) !== String(value)) onChange(next)
      }}
      onPointerUp={() => {
        if (drag.current && !drag.current.moved) input.current?.focus()
        else if (drag.current) onDone()
        drag.current = undefined
      }}
      onPointerCancel={() => {
        drag.current = undefined
        onDone()
      }}
    >
      {share !== undefined && !disabled && (
        <span
          aria-hidden
          className="absolute inset-y-0 left-0 bg-accent-soft"
          style={{ width: `${share * 100}%` }}
        />
      )}
      <span className="relative max-w-[60%] min-w-8 shrink-0 truncate text-soft">{label}</span>
      <input
        ref={input}
        aria-label={label}
        inputMode="decimal"
        autoComplete="off"
        spellCheck={false}
        disabled={disabled}
        className={cx(
          'relative min-w-0 flex-1 bg-transparent text-right tabular outline-none',
          mono && 'font-mono text-[12px]',
          !typing && 'cursor-[inherit]',
        )}
        value={typed ?? shown}
        title={mono ? shown : undefined}
        onFocus={event => {
          setTyped(shown)
          const field = event.target
          requestAnimationFrame(() => field.select())
        }}
        onChange={event => setTyped(event.target.value)}
        onBlur={keep}
        onKeyDown={event => {
          if (event.key === 'Enter' || event.key === 'Escape') {
            given.current = event.key === 'Escape'
            event.currentTarget.blur()
            if (!(event.ctrlKey || event.metaKey)) focusCanvas()
          } else if (event.key === 'ArrowUp') step(event.shiftKey ? 10 : 1)
          else if (event.key === 'ArrowDown') step(event.shiftKey ? -10 : -1)
          else return
          // Ctrl+Enter takes the number and goes on to Run.
          if (event.ctrlKey || event.metaKey) return
          event.preventDefault()
          event.stopPropagation()
        }}
      />
    </div>
  )
}
