// One of several. A short list opens plain, a long one with a search field. A value that is not
// offered (a model that is not here) is shown as such and kept.
import { Popover } from '@base-ui/react/popover'
import { Check, ChevronDown, TriangleAlert } from 'lucide-react'
import { useState } from 'react'
import type { Widget } from '../../../../engine/graph/catalogue.ts'
import type { Json } from '../../../../engine/graph/json.ts'
import { cx } from '../../ui/class-names.ts'
import { PickList } from '../../ui/pick-list.tsx'
import type { WidgetProps } from './widget-props.ts'

export type ChoiceWidget = Extract<Widget, { kind: 'choice' }>

const searchFrom = 9

const isOffered = (widget: ChoiceWidget, value: Json | undefined): boolean =>
  widget.options.some(option => String(option) === String(value))

const emptyWords = (widget: ChoiceWidget) =>
  widget.folder && widget.folder !== 'input'
    ? `No file in the models folder “${widget.folder}”. The Models room says where to put it.`
    : 'Nothing to choose from'

export function ChoiceField({
  widget,
  value,
  label,
  disabled,
  onChange,
  onDone,
}: WidgetProps<ChoiceWidget>) {
  const [open, setOpen] = useState(false)
  const missing = !disabled && !isOffered(widget, value)
  const close = () => setOpen(false)
  return (
    <Popover.Root
      open={open}
      onOpenChange={next => {
        setOpen(next)
        if (!next) onDone()
      }}
    >
      <Popover.Trigger
        disabled={disabled}
        aria-label={`${label}: ${value ?? 'nothing chosen'}`}
        className={cx(
          'nodrag flex h-6 w-full items-center gap-2 rounded-control bg-field px-2 hover:bg-field-hover',
          disabled && 'opacity-50',
          missing && 'outline outline-warn/60',
        )}
      >
        <span className="min-w-[30%] shrink-99 truncate text-left text-soft">{label}</span>
        {missing && <TriangleAlert size={12} className="ml-auto shrink-0 text-warn" aria-hidden />}
        <span
          title={missing ? `${value ?? 'Nothing'} is not there` : String(value)}
          className={cx('min-w-0 truncate text-right', missing ? 'text-warn' : 'ml-auto')}
        >
          {value === null || value === undefined || value === '' ? 'choose…' : String(value)}
        </span>
        <ChevronDown size={12} className="shrink-0 text-faint" aria-hidden />
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Positioner sideOffset={4} align="end" className="z-50">
          <Popover.Popup
            aria-label={label}
            className="w-72 overflow-hidden rounded-[8px] border border-line bg-card shadow-lift outline-none"
          >
            <PickList
              items={widget.options}
              texts={option => [String(option)]}
              keyOf={String}
              initial={widget.options.find(option => String(option) === String(value))}
              searchable={widget.options.length >= searchFrom}
              placeholder={`Search ${label}`}
              nothing={widget.options.length === 0 ? emptyWords(widget) : 'Nothing matches'}
              rowHeight={28}
              onClose={close}
              onPick={option => {
                onChange(option)
                close()
                onDone()
              }}
              row={option => (
                <>
                  <span className="min-w-0 flex-1 truncate">{String(option)}</span>
                  {String(option) === String(value) && <Check size={13} aria-label="chosen" />}
                </>
              )}
            />
          </Popover.Popup>
        </Popover.Positioner>
      </Popover.Portal>
    </Popover.Root>
  )
}
