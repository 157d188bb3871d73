import { describe, expect, it } from 'vitest'
import { goMap } from '../../../lib/cli/template/values.ts'
import { compileTemplate } from '../../../lib/cli/template.ts'

const data = {
  Name: '/web', Id: 'abc', Count: 3, Half: 1.5, Big: 1e21, On: true, Off: false, Empty: '', None: null,
  List: ['a', 'b', 'c'], Nothing: [] as string[], Nested: { A: { B: 'deep' } },
  Labels: goMap({ b: '2', a: '1' }), NoLabels: goMap({}), Ports: goMap({ '80/tcp': [{ HostIp: '', HostPort: '8080' }] }, null),
  Label: (name: string) => `<${name}>`,
} // biome-ignore format: a table

// Template and what Go's text/template, with Docker's functions, makes of it.
const good: [string, string][] = [
  ['', ''], ['plain', 'plain'], ['{{.Name}}', '/web'], ['{{ .Name }}!', '/web!'], ['{{.Nested.A.B}}', 'deep'],
  ['{{.Count}} {{.Half}} {{.Big}} {{.On}}', '3 1.5 1e+21 true'], ['{{.List}}', '[a b c]'], ['{{.Labels}}', 'map[a:1 b:2]'], ['{{.None}}', '<nil>'],
  ['{{.Labels.x}}', '<no value>'], ['{{.Labels.x.y}}', '<no value>'], ['{{index .Labels "a"}}', '1'], ['[{{index .Labels "x"}}]', '[]'],
  ['{{index .List 1}}', 'b'], ['{{(index (index .Ports "80/tcp") 0).HostPort}}', '8080'], ['{{(index .Ports "80/tcp" 0).HostPort}}', '8080'],
  ['{{range .List}}<{{.}}>{{end}}', '<a><b><c>'], ['{{range $i, $v := .List}}{{$i}}={{$v}} {{end}}', '0=a 1=b 2=c '], ['{{range $v := .List}}{{$v}}{{end}}', 'abc'],
  ['{{range .Nothing}}x{{else}}none{{end}}', 'none'], ['{{range .None}}x{{else}}none{{end}}', 'none'], ['{{range $k, $v := .Labels}}{{$k}}:{{$v}};{{end}}', 'a:1;b:2;'],
  ['{{range .List}}{{if eq . "b"}}{{continue}}{{end}}{{.}}{{end}}', 'ac'], ['{{range .List}}{{if eq . "b"}}{{break}}{{end}}{{.}}{{end}}', 'a'],
  ['{{range 3}}{{.}}{{end}}', '012'], ['{{range $p, $c := .Ports}}{{$p}}->{{(index $c 0).HostPort}}{{end}}', '80/tcp->8080'],
  ['{{if .On}}y{{else}}n{{end}}', 'y'], ['{{if .Off}}y{{else}}n{{end}}', 'n'], ['{{if .Empty}}y{{end}}', ''], ['{{if .NoLabels}}y{{else}}n{{end}}', 'n'],
  ['{{if .Off}}1{{else if .On}}2{{else}}3{{end}}', '2'], ['{{if .Off}}1{{else if .Off}}2{{else}}3{{end}}', '3'],
  ['{{with .Nested.A}}{{.B}}{{end}}', 'deep'], ['{{with .Empty}}x{{else}}none{{end}}', 'none'], ['{{with $x := .Name}}{{$x}}{{$.Id}}{{end}}', '/webabc'],
  ['{{$x := 1}}{{if .On}}{{$x = 2}}{{end}}{{$x}}', '2'], ['{{$x := 1}}{{if .On}}{{$x := 2}}{{$x}}{{end}}{{$x}}', '21'],
  ['{{.Name | upper}}', '/WEB'], ['{{.List | len}}', '3'], ['{{len .Name}}', '4'], ['{{join .List ","}}', 'a,b,c'], ['{{json .List}}', '["a","b","c"]'], ['{{json .None}}', 'null'],
  ['{{json .Labels}}', '{"a":"1","b":"2"}'], ['{{split "a-b" "-"}}', '[a b]'], ['{{lower "AbC"}}', 'abc'], ['{{title "hello world"}}', 'Hello World'],
  ['[{{pad "x" 1 2}}]', '[ x  ]'], ['[{{pad "" 1 2}}]', '[]'], ['{{truncate "abcdef" 3}}', 'abc'], ['{{truncate "ab" 3}}', 'ab'], ['{{slice .Id 1 2}}', 'b'], ['{{slice .List 1}}', '[b c]'],
  ['{{println "a" 1}}', 'a 1\n'], ['{{print "a" 1 2 "b"}}', 'a1 2b'], ['{{print 1 2}}', '1 2'], ['{{.Label "com.x"}}', '<com.x>'], ['{{"com.x" | .Label}}', '<com.x>'],
  ['{{eq .Count 3}} {{ne .Count 3}} {{lt 1 2}} {{le 2 2}} {{gt 1 2}} {{ge 2 1}}', 'true false true true false true'], ['{{eq .Name "x" "/web"}}', 'true'], ['{{eq .None nil}}', 'true'],
  ['{{and .On .Count}} {{or .Off .Name}} {{not .On}}', '3 /web false'], ['{{or .Off .Empty}}|{{and .On ""}}', '|'], ['{{if and .On (gt .Count 2)}}y{{end}}', 'y'], ['{{and .Off (index .List 9)}}', 'false'],
  ['{{printf "%s-%d" .Name .Count}}', '/web-3'], ['{{printf "%-6s|%6s|" "ab" "cd"}}', 'ab    |    cd|'], ['{{printf "%05d %+d %x %X %o %b %c %q" 42 7 255 255 8 5 65 "a\\n"}}', '00042 +7 ff FF 10 101 A "a\\n"'],
  ['{{printf "%v %t %T %T" .List .On .Name .Count}}', '[a b c] true string int'], ['{{printf "%d" "x"}}', '%!d(string=x)'], ['{{printf "%d"}}', '%!d(MISSING)'], ['{{printf "%s" "a" "b"}}', 'a%!(EXTRA string=b)'],
  ['{{printf "%.2f|%8.3f|%e" 1.5 2.25 1500.0}}', '1.50|   2.250|1.500000e+03'], ['{{printf "100%%"}}', '100%'], ['{{printf "%q" .List}}', '["a" "b" "c"]'], ['{{.Name | printf "%s:%s" .Id}}', 'abc:/web'],
  ['a {{- .Id -}} b', 'aabcb'], ['a {{- /* c */ -}} b', 'ab'], ['a{{/* c */}}b', 'ab'], ['{{- .Id}}', 'abc'], ['{{"{{"}}', '{{'], ['{{`a"b`}}', 'a"b'], ["{{'a'}}", '97'], ['{{0x10}} {{1_000}} {{-3}}', '16 1000 -3'],
  ['{{"\\u00e9\\x41\\t"}}', '\u00e9A\t'], ['{{(.Nested).A.B}}', 'deep'], ['{{$.Name}}', '/web'], ['{{$x := .Nested}}{{$x.A.B}}', 'deep'], ['{{ if .On\n}}y{{end}}', 'y'], ['{{html "<a>"}}', '&lt;a&gt;'],
  ['{{range .List}}{{$.Id}}{{end}}', 'abcabcabc'], ['{{range $i, $_ := .List}}{{if $i}}, {{end}}{{index $.List $i}}{{end}}', 'a, b, c'],
] // biome-ignore format: a table

const bad: [string, string][] = [
  ['{{', 'template: :1: unclosed action'], ['{{.Name', 'template: :1: unclosed action'], ['{{}}', 'template: :1: missing value for command'], ['{{foo}}', 'template: :1: function "foo" not defined'],
  ['{{if .On}}', 'template: :1: unexpected EOF'], ['{{end}}', 'template: :1: unexpected {{end}}'], ['{{else}}', 'template: :1: unexpected {{else}}'], ['{{$x}}', 'template: :1: undefined variable "$x"'],
  ['{{if}}x{{end}}', 'template: :1: missing value for if'], ['{{(.Name}}', 'template: :1: unclosed left paren'], ['{{.Name)}}', 'template: :1: unexpected right paren'], ['{{"a}}', 'template: :1: unterminated quoted string'],
  ['{{@}}', 'template: :1: unexpected "@" in command'], ['{{/* x}}', 'template: :1: unclosed comment'], ['\n{{foo}}', 'template: :2: function "foo" not defined'],
  ['{{1 | .Name}}', 'template: :1:6: executing "" at <.Name>: Name has arguments but cannot be invoked as function'], ['{{break}}', 'template: :1: {{break}} outside {{range}}'], ['{{3x}}', 'template: :1: bad number syntax: "3x"'],
  ['{{.Foo}}', `template: :1:2: executing "" at <.Foo>: can't evaluate field Foo in type struct`], ['{{.Name.Foo}}', `template: :1:7: executing "" at <.Name.Foo>: can't evaluate field Foo in type string`],
  ['{{.None.Foo}}', 'template: :1:7: executing "" at <.None.Foo>: nil pointer evaluating interface {}.Foo'], ['{{index .List 9}}', 'template: :1:2: executing "" at <index .List 9>: error calling index: index out of range: 9'],
  ['{{index .None 0}}', 'template: :1:2: executing "" at <index .None 0>: error calling index: index of untyped nil'], ['{{lt 1 "a"}}', 'template: :1:2: executing "" at <lt 1 "a">: error calling lt: incompatible types for comparison'],
  ['{{upper .Count}}', 'template: :1:8: executing "" at <.Count>: wrong type for value; expected string; got int'], ['{{json}}', 'template: :1:2: executing "" at <json>: wrong number of args for json: want 1 got 0'],
  ['{{range .Name}}{{end}}', `template: :1:8: executing "" at <.Name>: range can't iterate over /web`],
] // biome-ignore format: a table

describe('templates as Go carries them out', () => {
  it.each(good)('%j', (source, expected) => expect(compileTemplate(source)(data)).toBe(expected))
  it.each(bad)('%j fails in words of Go', (source, message) => expect(() => compileTemplate(source)(data)).toThrow(`template parsing error: ${message}`))
  it('does not reach the prototype', () => expect(() => compileTemplate('{{.constructor}}')(data)).toThrow("can't evaluate field constructor"))
})
