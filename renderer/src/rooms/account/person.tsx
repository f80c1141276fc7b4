// Name, address, password, mails, and leaving.
import { type FormEvent, useState } from 'react'
import type { AccountDetails } from '../../../../engine/api/contract-account.ts'
import { host, reason } from '../../host/connection.ts'
import { toast, toastError } from '../../stores/toasts.ts'
import { Button } from '../../ui/button.tsx'
import { Card, Row, SwitchRow } from '../settings/settings-parts.tsx'
import { CodeField, Field, Said, Submit, useTask } from './account-parts.tsx'

type Form = 'email' | 'password' | undefined

export function Person({ details }: { details: AccountDetails }) {
  const [form, setForm] = useState<Form>()
  const { email, identities, mail } = details
  const toggle = (name: Form) => setForm(form === name ? undefined : name)
  // Whoever has opened the other form meanwhile keeps it.
  const close = (name: Form) => () => setForm(now => (now === name ? undefined : now))
  return (
    <Card title="You">
      <Row label="Name" about="Only in mails to you.">
        <NameField key={details.displayName} name={details.displayName ?? ''} />
      </Row>
      <Row
        label="E-mail address"
        about={identities.includes('google') ? 'Signed in with Google' : undefined}
      >
        <span className="selectable">{email}</span>
        <Button aria-expanded={form === 'email'} onClick={() => toggle('email')}>
          Change
        </Button>
      </Row>
      {form === 'email' && <ChangeEmail present={email} onDone={close('email')} />}
      {identities.includes('email') && (
        <Row label="Password">
          <Button aria-expanded={form === 'password'} onClick={() => toggle('password')}>
            Change
          </Button>
        </Row>
      )}
      {form === 'password' && <ChangePassword onDone={close('password')} />}
      <MailSwitch label="News about ComfyRunner" mail={mail} name="productNews" />
      <MailSwitch label="A mail when the allowance runs low" mail={mail} name="usageAlerts" />
      <div className="flex flex-wrap gap-2 px-3 py-2.5">
        <Button onClick={() => leave(false)}>Sign out</Button>
        <Button look="plain" onClick={() => leave(true)}>
          Sign out everywhere
        </Button>
      </div>
    </Card>
  )
}

async function leave(everywhere: boolean) {
  try {
    await host.account.signOut({ everywhere })
    toast(everywhere ? 'Signed out on every device' : 'Signed out')
  } catch (error) {
    toastError(`Not signed out. ${reason(error)}`)
  }
}

function NameField({ name }: { name: string }) {
  const [text, setText] = useState(name)
  const keep = async () => {
    if (text.trim() === name) return
    try {
      await host.account.rename({ displayName: text.trim() })
    } catch (error) {
      setText(name)
      toastError(`The name was not kept. ${reason(error)}`)
    }
  }
  return (
    <input
      aria-label="Name"
      placeholder="none"
      maxLength={100}
      className="h-7 w-56 rounded-control bg-field px-2"
      value={text}
      onChange={event => setText(event.target.value)}
      onBlur={() => void keep()}
      onKeyDown={event => event.key === 'Enter' && event.currentTarget.blur()}
    />
  )
}

interface MailSwitchProps {
  label: string
  mail: AccountDetails['mail']
  name: keyof AccountDetails['mail']
}

const MailSwitch = ({ label, mail, name }: MailSwitchProps) => (
  <SwitchRow
    label={label}
    on={mail[name]}
    onChange={on =>
      host.account
        .changeMail({ ...mail, [name]: on })
        .catch(error => toastError(`Not changed. ${reason(error)}`))
    }
  />
)

const submitting = (work: () => Promise<unknown>) => (event: FormEvent) => {
  event.preventDefault()
  void work()
}

/** A code goes to the present address and one to the new: whoever asks must have both. */
function ChangeEmail({ present, onDone }: { present: string; onDone: () => void }) {
  const [email, setEmail] = useState('')
  const [oldCode, setOldCode] = useState('')
  const [newCode, setNewCode] = useState('')
  const [asked, setAsked] = useState(false)
  const task = useTask()
  const ask = async () => setAsked(await task.run(() => host.account.changeEmail({ email })))
  const confirm = async () => {
    const done = await task.run(async () => {
      if (oldCode) await host.account.confirmEmail({ email: present, code: oldCode })
      await host.account.confirmEmail({ email, code: newCode })
    })
    if (!done) return
    toast('The address is changed', { kind: 'good' })
    onDone()
  }
  return (
    <form className="flex flex-col gap-3 px-3 py-3" onSubmit={submitting(asked ? confirm : ask)}>
      {asked ? (
        <>
          <CodeField
            label={`Code from the mail to ${present}`}
            code={oldCode}
            setCode={setOldCode}
          />
          <CodeField label={`Code from the mail to ${email}`} code={newCode} setCode={setNewCode} />
        </>
      ) : (
        <Field label="New e-mail address" type="email" required value={email} onChange={setEmail} />
      )}
      <Said>{task.said}</Said>
      <div className="flex gap-2">
        <Submit task={task}>{asked ? 'Confirm' : 'Send the codes'}</Submit>
        <Button look="plain" onClick={onDone}>
          Cancel
        </Button>
      </div>
    </form>
  )
}

function ChangePassword({ onDone }: { onDone: () => void }) {
  const [current, setCurrent] = useState('')
  const [password, setPassword] = useState('')
  const task = useTask()
  const change = async () => {
    if (await task.run(() => host.account.changePassword({ current, password }))) {
      toast('The password is changed', { kind: 'good' })
      onDone()
    }
  }
  return (
    <form className="flex flex-col gap-3 px-3 py-3" onSubmit={submitting(change)}>
      <Field
        label="Present password"
        type="password"
        autoComplete="current-password"
        required
        value={current}
        onChange={setCurrent}
      />
      <Field
        label="New password"
        type="password"
        autoComplete="new-password"
        minLength={8}
        required
        value={password}
        onChange={setPassword}
      />
      <Said>{task.said}</Said>
      <div className="flex gap-2">
        <Submit task={task}>Change the password</Submit>
        <Button look="plain" onClick={onDone}>
          Cancel
        </Button>
      </div>
    </form>
  )
}
