"""How the sandbox's page looks. One column on a phone, where each table row becomes a card."""

STYLE = """
:root { --ink: #1f2933; --soft: #52606d; --line: #d9dfe5; --tint: #f4f6f8; --accent: #0b5f6b; --grave: #a3231a; }
* { box-sizing: border-box; }
html { scroll-padding-top: 5.5rem; }
body { margin: 0 auto; max-width: 76rem; padding: 0 1rem 3rem; color: var(--ink); background: #fff;
  font: 16px/1.5 system-ui, sans-serif; }
header { border-top: .4rem solid var(--accent); padding: 1.25rem 0 .5rem; }
h1 { margin: 0; font-size: 1.6rem; line-height: 1.25; }
h2 { margin: 2.5rem 0 .75rem; padding-bottom: .3rem; border-bottom: 2px solid var(--line); font-size: 1.3rem; }
h3 { margin: 0 0 .75rem; font-size: 1.05rem; }
h3.over { margin-top: 1.5rem; }
p { margin: .25rem 0 .75rem; }
a { color: var(--accent); }
.soft { color: var(--soft); }
nav { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; }
nav a { padding: .35rem 0; }
.notice { position: sticky; top: .5rem; z-index: 1; padding: .65rem 1rem; border-radius: .4rem; font-weight: 600;
  color: #fff; background: #17643a; box-shadow: 0 2px 8px #0003; overflow-wrap: anywhere; }
.notice.refused { background: var(--grave); }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 22rem), 1fr)); gap: 1rem; }
.pair > * { padding: 1rem; border: 1px solid var(--line); border-radius: .5rem; background: var(--tint); min-width: 0; }
.fields { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 13rem), 1fr)); gap: .75rem; }
.lead > :first-child { grid-column: 1 / -1; }
label { display: block; font-size: .9rem; font-weight: 600; min-width: 0; }
input, select { display: block; width: 100%; min-height: 2.5rem; margin-top: .2rem; padding: .4rem .6rem;
  border: 1px solid #8895a1; border-radius: .3rem; color: inherit; background: #fff; font: inherit; font-weight: 400; }
input.token { margin: 0 0 .4rem; font: .85rem/1.4 ui-monospace, monospace; background: var(--tint); }
.buttons { display: flex; flex-wrap: wrap; gap: .5rem; margin-top: .85rem; }
td .buttons { margin-top: 0; }
button { min-height: 2.5rem; padding: .4rem .9rem; border: 1px solid var(--accent); border-radius: .3rem;
  color: #fff; background: var(--accent); font: inherit; font-weight: 600; cursor: pointer; }
button.grave { border-color: var(--grave); color: var(--grave); background: #fff; }
button:hover { filter: brightness(.9); }
:focus-visible { outline: 3px solid #e0a100; outline-offset: 2px; }
table { width: 100%; border-collapse: collapse; }
th, td { padding: .45rem .75rem .45rem 0; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; }
th { font-size: .85rem; color: var(--soft); }
td { overflow-wrap: anywhere; }
.accounts td:last-child { width: 45%; }
.found { margin-top: 1rem; }
.pairs th { width: 14rem; overflow-wrap: anywhere; }
.log { font-size: .9rem; font-variant-numeric: tabular-nums; }
ul { margin: .25rem 0; padding-left: 1.2rem; }
summary { white-space: nowrap; cursor: pointer; color: var(--accent); }
.settings summary { margin-top: 2.5rem; font-size: 1.3rem; font-weight: 700; }
.changed { font-weight: 700; }
@media (max-width: 46rem) {
  h1 { font-size: 1.35rem; }
  .cards thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  .cards, .cards tbody, .cards tr { display: block; }
  .cards td { display: grid; grid-template-columns: 7.5rem minmax(0, 1fr); gap: .5rem; padding: .3rem 0; border: 0; }
  .cards td::before { content: attr(data-label); color: var(--soft); font-size: .85rem; font-weight: 600; }
  .cards tr { padding: .6rem 0; border-bottom: 1px solid var(--line); }
  .accounts td:last-child { display: block; width: auto; }
  .pairs th { width: 40%; }
}
"""
