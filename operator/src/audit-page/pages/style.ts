import { createHash } from 'node:crypto'

/** The one stylesheet: colours of both schemes have a contrast of 4.5 at least (WCAG 2.2, 1.4.3). */
export const STYLE = `:root{color-scheme:light dark;--back:#fff;--raised:#f6f7f9;--line:#d5d9e0;--text:#1b1f27;--soft:#545c6b;--link:#0b57c4;--focus:#0b57c4;
--good:#17663a;--good-back:#dff3e6;--bad:#a01c1c;--bad-back:#fde5e5;--wait:#6d4a00;--wait-back:#fbefd2;--added:#e3f6e8;--removed:#fdeaea}
@media(prefers-color-scheme:dark){:root{--back:#12151b;--raised:#1b1f28;--line:#363c49;--text:#e8eaf0;--soft:#a7afbf;--link:#8ab8ff;--focus:#8ab8ff;
--good:#8fe0ac;--good-back:#143a24;--bad:#ffb0b0;--bad-back:#4a1a1a;--wait:#f2d48a;--wait-back:#42330c;--added:#133420;--removed:#43191c}}
*{box-sizing:border-box}
body{margin:0;background:var(--back);color:var(--text);font:16px/1.5 system-ui,sans-serif;overflow-wrap:anywhere}
a{color:var(--link)}
code,pre{font:.9em/1.45 ui-monospace,"SF Mono",Menlo,Consolas,"DejaVu Sans Mono",monospace}
:focus-visible{outline:3px solid var(--focus);outline-offset:2px;border-radius:3px}
main:focus{outline:none}
.skip{position:absolute;left:-999px}
.skip:focus{left:8px;top:8px;padding:8px 12px;background:var(--back);z-index:1}
header{display:flex;flex-wrap:wrap;gap:4px 24px;align-items:center;padding:10px 24px;background:var(--raised);border-bottom:1px solid var(--line)}
.brand{font-weight:700}
nav{display:flex;gap:4px}
nav a{padding:6px 10px;border-radius:6px;text-decoration:none}
nav a:hover{text-decoration:underline}
nav a[aria-current]{background:var(--back);color:var(--text);box-shadow:0 0 0 1px var(--line)}
.viewer{margin-left:auto;display:flex;gap:12px;align-items:center;min-width:0}
.user{color:var(--soft);max-width:22rem;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
main{max-width:1100px;margin:0 auto;padding:20px 24px 48px}
h1{font-size:1.5rem;line-height:1.25;margin:4px 0 16px}
h2{font-size:1rem;margin:0;font-weight:600}
p{margin:0 0 12px}
.hint,.place,.commit{color:var(--soft)}
button,input,select{font:inherit;color:inherit;background:var(--back);border:1px solid var(--line);border-radius:6px;padding:7px 12px;min-height:42px;max-width:100%}
input,select{border-color:var(--soft);height:42px}
::placeholder{color:var(--soft);opacity:1}
button{cursor:pointer;background:var(--raised)}
button.primary{background:var(--link);border-color:var(--link);color:var(--back);font-weight:600}
label{font-weight:600;font-size:.9rem}
.filter{display:flex;flex-wrap:wrap;gap:8px 12px;align-items:end;margin-bottom:12px}
.filter label{flex:0 0 100%}
.filter input[type=search]{flex:1 1 14rem}
.login{display:grid;gap:8px;max-width:30rem}
.problem{background:var(--bad-back);color:var(--bad);padding:10px 14px;border-radius:6px}
ul.gitsyncs{list-style:none;margin:0;padding:0;border-top:1px solid var(--line)}
.gitsyncs li{display:grid;grid-template-columns:minmax(0,1fr) 14rem 16rem;gap:2px 20px;padding:12px 0;border-bottom:1px solid var(--line)}
.gitsyncs p{margin:0}
.gitsyncs .place,.gitsyncs .commit{font-size:.9rem}
.gitsyncs .message{grid-column:1/-1;font-size:.9rem;white-space:pre-line}
.namespace{font-weight:400;color:var(--soft)}
.files{display:inline-block;margin-left:12px}
.commit .files{display:block;margin:0}
.mark{display:inline-block;padding:1px 10px;border-radius:99px;font-size:.875rem;font-weight:600}
.good{background:var(--good-back);color:var(--good)}
.bad{background:var(--bad-back);color:var(--bad)}
.waiting{background:var(--wait-back);color:var(--wait)}
.soft{color:var(--soft)}
.plain{background:var(--raised);color:var(--text);box-shadow:inset 0 0 0 1px var(--line)}
.small{font-size:.8rem;padding:0 8px;font-weight:500}
.note{background:var(--wait-back);color:var(--wait);padding:10px 14px;border-radius:6px}
.fields>div{display:grid;gap:2px;flex:1 1 9rem;min-width:0}
.fields input,.fields select{width:100%;min-width:0}
.fields label{flex:none}
.fields a{padding:9px 4px}
.day{font-size:1rem;color:var(--soft);border-bottom:1px solid var(--line);padding:16px 0 4px;margin:0}
h3{font-size:1rem;margin:0;font-weight:600}
ul.commits,ul.paths{list-style:none;margin:0;padding:0}
.commits>li{padding:12px 0;border-bottom:1px solid var(--line)}
.commits p{margin:2px 0 6px}
.by{color:var(--soft);font-size:.9rem}
.author{color:var(--text)}
.paths li{padding:1px 0;font-size:.9rem}
.next{margin:20px 0}
.button{display:inline-block;padding:8px 14px;border:1px solid var(--line);border-radius:6px;background:var(--raised);text-decoration:none}
.facts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,24rem),1fr));gap:8px 24px;margin:0 0 16px}
.facts dt{color:var(--soft);font-size:.875rem}
.facts dd{margin:0}
pre{white-space:pre-wrap;margin:0 0 12px}
pre.message{background:var(--raised);padding:10px 14px;border-radius:6px}
.file{margin:20px 0}
.file h3{margin-bottom:6px}
pre.diff{border:1px solid var(--line);border-radius:6px;overflow:hidden}
.diff>*{display:block;padding:0 10px;text-decoration:none}
.diff ins{background:var(--added)}
.diff del{background:var(--removed)}
.diff .at{background:var(--raised);color:var(--soft)}
.dashboard{padding-left:0;list-style:none;margin:0 0 10px}
.dashboard>li{padding:4px 0}
.dashboard ul{margin:2px 0 2px;padding-left:24px;color:var(--soft);font-size:.9rem}
summary{cursor:pointer;padding:6px 0}
@media(max-width:760px){header,main{padding-left:14px;padding-right:14px}.viewer{margin-left:0}
.gitsyncs li{grid-template-columns:minmax(0,1fr)}.user{max-width:12rem}}
@media(prefers-reduced-motion:no-preference){html{scroll-behavior:smooth}}
@media print{header,.filter,.skip{display:none}}
`

/** Named by its content, so that it can be kept for good. */
export const STYLE_PATH = `/style-${createHash('sha256').update(STYLE).digest('hex').slice(0, 16)}.css`
