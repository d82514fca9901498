#pragma once

namespace keel::app {

// The page's style sheet: system fonts, light and dark by the reader's setting, two columns of plots where
// there is room and one where there is not.
inline constexpr const char* kReportStyle = R"css(
:root{color-scheme:light dark;--paper:#fbfbf9;--card:#fff;--text:#1c1e21;--faint:#6a6f76;--grid:#e6e7e4;--edge:#dcded9;
--a:#1f5fbf;--b:#d4761a;--c:#2c8a57;--d:#8a4fb3;--soft:#b8860b;--hard:#c0392b;--good:#2c8a57;--bad:#c0392b}
@media (prefers-color-scheme:dark){:root{--paper:#15171a;--card:#1d2024;--text:#e7e8e6;--faint:#9aa0a6;--grid:#2c3035;--edge:#343940;
--a:#6aa5f8;--b:#f0a45a;--c:#68c795;--d:#c39be0;--soft:#d9b04a;--hard:#ef7f73;--good:#68c795;--bad:#ef7f73}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--text);font:15px/1.45 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{max-width:1320px;margin:0 auto;padding:20px 16px 48px}
h1{font-size:24px;margin:0}h2{font-size:17px;margin:26px 0 8px}
header p{margin:2px 0 14px;color:var(--faint)}
.notice{border-left:3px solid var(--soft);background:var(--card);padding:6px 10px;margin:6px 0}
.doubt{color:var(--soft);font-size:13px;font-weight:600;cursor:help}
details{margin:6px 0}summary{cursor:pointer;color:var(--faint);font-size:13px}
.hypothetical{border-left-color:var(--hard)}h1.after{margin-top:44px;border-top:1px solid var(--edge);padding-top:16px}
tr.moved td:first-child{box-shadow:inset 3px 0 var(--a)}tr.moved td{background:color-mix(in srgb,var(--a) 7%,transparent)}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(175px,1fr));gap:10px;margin:12px 0 18px}
.tile{background:var(--card);border:1px solid var(--edge);border-radius:6px;padding:10px 12px}
.tile .name,.tile .beside,.unit,.fine{color:var(--faint);font-size:13px}
.tile .value{font-size:22px;font-weight:600;font-variant-numeric:tabular-nums;margin:1px 0}
.plots{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,520px),1fr));gap:12px}
.plots{margin-top:14px}
figure{margin:0;background:var(--card);border:1px solid var(--edge);border-radius:6px;padding:10px 10px 4px;min-width:0}
figcaption{font-size:14px;margin-bottom:4px}
svg{display:block;width:100%;height:auto}
svg text{fill:var(--faint);font-size:13px;font-variant-numeric:tabular-nums}
svg text.note{font-size:12px}
@media (max-width:640px){svg text{font-size:18px}svg text.note{font-size:17px}}
.grid{stroke:var(--grid)}.zero{stroke:var(--faint);stroke-width:1}
.mark{stroke:var(--faint);stroke-dasharray:2 3}
.line{fill:none;stroke-width:1.8;stroke-linejoin:round}.line.dashed{stroke-dasharray:6 4}
.line.a{stroke:var(--a)}.line.b{stroke:var(--b)}.line.c{stroke:var(--c)}.line.d{stroke:var(--d)}
.bar.a{fill:var(--a)}.bar.b{fill:var(--b)}
.dot{opacity:.75}.dot.a{fill:var(--a)}.dot.b{fill:var(--b)}.dot.c{fill:var(--c)}.dot.d{fill:var(--d)}
table.heat td,table.heat th{text-align:right;border:0;padding:4px 8px}td.worst{outline:2px solid var(--hard);outline-offset:-2px}
td.soft{color:var(--soft)}td.hard{color:var(--hard);font-weight:600}td.inside{color:var(--good)}
.rule{stroke-width:1.2;stroke-dasharray:8 4}.rule.soft{stroke:var(--soft)}.rule.hard{stroke:var(--hard)}
.key{margin-left:12px;white-space:nowrap;font-size:13px;color:var(--faint)}
.key:before{content:"";display:inline-block;width:18px;border-top:3px solid;margin-right:5px;vertical-align:3px}
.key.dashed:before{border-top-style:dashed}
.key.rule:before{border-top-style:dashed;border-top-width:2px}.key.soft:before{border-color:var(--soft)}.key.hard:before{border-color:var(--hard)}
.key.a:before{border-color:var(--a)}.key.b:before{border-color:var(--b)}.key.c:before{border-color:var(--c)}.key.d:before{border-color:var(--d)}
.scroll{overflow-x:auto;background:var(--card);border:1px solid var(--edge);border-radius:6px}
table{border-collapse:collapse;width:100%;font-size:13.5px;font-variant-numeric:tabular-nums}
th,td{text-align:left;padding:5px 9px;border-bottom:1px solid var(--grid);white-space:nowrap}
@media (max-width:640px){table{font-size:12px}th,td{padding:4px 5px}}
tr:last-child td{border-bottom:0}th{color:var(--faint);font-weight:500}
td.words,th.words,th.n{white-space:normal}td.words{min-width:180px}
table.heat td.words,table.heat th.words{text-align:left}
table.heat.tight td,table.heat.tight th{padding:4px 6px}
td.trades{white-space:normal;min-width:190px}
.n{text-align:right}.meter{width:22%;min-width:70px}.meter i{display:block;height:9px;border-radius:2px}
td.meter{background:linear-gradient(var(--faint),var(--faint)) center/1px 100% no-repeat}th.middle{text-align:center}
.meter i.a{background:var(--a)}.meter i.b{background:var(--b)}
td.traded{color:var(--good)}td.refused,td.infeasible,td.blocked{color:var(--bad)}
code{font-size:12.5px;overflow-wrap:anywhere}.fine p{margin:3px 0}
)css";

}  // namespace keel::app
