import type { Widget } from '../../../../engine/graph/catalogue.ts'
import { cx } from '../../ui/class-names.ts'
import { SwitchMark } from '../../ui/switch.tsx'
import type { WidgetProps } from './widget-props.ts'

type ToggleWidget = Extract<Widget, { kind: 'toggle' }>

export function ToggleField({
  widget,
  value,
  label,
  disabled,
  onChange,
  onDone,
}: WidgetProps<ToggleWidget>) {
  const on = value === true
  const words = on ? widget.on : widget.off
  return (
    <button
      type="button"
      role="switch"
      aria-checked={on}
      aria-label={label}
      disabled={disabled}
      className={cx(
        'nodrag flex h-6 w-full items-center gap-2 rounded-control bg-field px-2 hover:bg-field-hover',
        disabled && 'opacity-50',
      )}
      onClick={() => {
        onChange(!on)
        onDone()
      }}
    >
      <span className="min-w-0 flex-1 truncate text-left text-soft">{label}</span>
      {words && <span className="truncate">{words}</span>}
      <SwitchMark on={on} />
    </button>
  )
}
