// Text, on one line or several. Several lines fill the height they are given.
import type { Widget } from '../../../../engine/graph/catalogue.ts'
import { cx } from '../../ui/class-names.ts'
import { takeWeightKey } from './prompt-weight.ts'
import type { WidgetProps } from './widget-props.ts'

type TextWidget = Extract<Widget, { kind: 'text' }>

const look =
  'nodrag nowheel w-full rounded-control bg-field px-2 hover:bg-field-hover focus:bg-field outline-offset-0'

export function TextField({
  widget,
  value,
  label,
  disabled,
  onChange,
  onDone,
}: WidgetProps<TextWidget>) {
  const common = {
    'aria-label': label,
    'data-document-text': true,
    disabled,
    value: typeof value === 'string' ? value : value === undefined ? '' : String(value),
    placeholder: label,
    onChange: (event: { target: { value: string } }) => onChange(event.target.value),
    onBlur: onDone,
    onKeyDown: (event: React.KeyboardEvent<HTMLElement>) => {
      if (event.key === 'Escape') event.currentTarget.blur()
    },
  }
  if (widget.multiline) {
    return (
      <textarea
        {...common}
        onKeyDown={event => takeWeightKey(event) || common.onKeyDown(event)}
        spellCheck={false}
        className={cx(look, 'h-full resize-none py-1 leading-[18px]', disabled && 'opacity-50')}
      />
    )
  }
  return (
    <label className={cx(look, 'flex h-6 items-center gap-2', disabled && 'opacity-50')}>
      <span className="max-w-[45%] shrink-0 truncate text-soft">{label}</span>
      <input
        {...common}
        placeholder=""
        spellCheck={false}
        className="min-w-0 flex-1 bg-transparent text-right outline-none"
      />
    </label>
  )
}
