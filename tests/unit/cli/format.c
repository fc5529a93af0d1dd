/* SPDX-License-Identifier: Apache-2.0 */
#include "core/cli/format.h"

#include <errno.h>

#include "core/base/mem.h"
#include "core/wire/json.h"
#include "tests/unit/test.h"

static const char container[] =
	"{\"Id\":\"0123456789abcdef0123\",\"Name\":\"/web\",\"RestartCount\":0,"
	"\"Args\":[\"-g\",\"daemon "
	"off;\"],\"State\":{\"Status\":\"running\",\"Running\":true,"
	"\"Pid\":42,\"ExitCode\":0,\"Health\":null},"
	"\"Config\":{\"Labels\":{\"a.b\":\"one\",\"plain\":\"two\"},\"Env\":[\"A=1\",\"B="
	"2\"],"
	"\"Cmd\":null,\"Image\":\"nginx:latest\"},"
	"\"Mounts\":[{\"Source\":\"/src\",\"RW\":true},{\"Source\":\"/"
	"two\",\"RW\":false}],"
	"\"NetworkSettings\":{\"Ports\":{\"80/"
	"tcp\":[{\"HostIp\":\"0.0.0.0\",\"HostPort\":"
	"\"8080\"}],\"443/"
	"tcp\":null},\"Networks\":{\"bridge\":{\"IPAddress\":\"10.0.0.2\"}}},"
	"\"SecurityOptions\":[\"name=seccomp,profile=builtin\",\"name=rootless\"],"
	"\"Float\":1.5,\"Big\":1e21,\"Small\":0.00001,\"Huge\":18446744073709551615,"
	"\"Neg\":-7,\"Empty\":\"\",\"Nothing\":[],\"Nested\":[[1,2],[],[null]],"
	"\"Uni\":\"h\\u00e9llo w\\u00f6rld\",\"Tags\":\"x:y:z\"}";

static int run(const char *json, const char *text, struct buf *out, struct err *e)
{
	autojson *doc = NULL;
	struct format *f = NULL;
	int r = json_parse(json, strlen(json), "test", &doc, e);

	if (r == 0)
		r = format_new(text, &f, e);
	if (r == 0)
		r = format_run(f, yyjson_doc_get_root(doc), out, e);
	format_free(f);
	return r;
}

struct sample {
	const char *text, *want;
};

static void check(const struct sample *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct err e = { 0 };
		autobuf out = { 0 };
		int r = run(container, s[i].text, &out, &e);

		if (r < 0)
			test_fail(__FILE__, __LINE__, "'%s': %s", s[i].text, e.text);
		else if (strcmp(buf_str(&out), s[i].want) != 0)
			test_fail(__FILE__, __LINE__, "'%s' gives '%s', not '%s'",
				  s[i].text, buf_str(&out), s[i].want);
	}
}

static void check_errors(const struct sample *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		static const char before[] = "template parsing error: template: ";
		struct err e = { 0 };
		autobuf out = { 0 };
		int r = run(container, s[i].text, &out, &e);

		if (r != -EINVAL)
			test_fail(__FILE__, __LINE__, "'%s' gives %d '%s'", s[i].text, r,
				  buf_str(&out));
		else if (strncmp(e.text, before, sizeof(before) - 1) != 0 ||
			 strcmp(e.text + sizeof(before) - 1, s[i].want) != 0)
			test_fail(__FILE__, __LINE__, "'%s' says '%s', not '%s'",
				  s[i].text, e.text, s[i].want);
	}
}

TEST(fields)
{
	static const struct sample all[] = {
		{ "", "" },
		{ "plain", "plain" },
		{ "{{.Name}}", "/web" },
		{ "{{ .Name }}", "/web" },
		{ "{{\n.Name\n}}", "/web" },
		{ "a {{.State.Status}} b", "a running b" },
		{ "{{.State.Running}}", "true" },
		{ "{{.State.Pid}}", "42" },
		{ "{{.Neg}} {{.Huge}} {{.Float}} {{.Big}} {{.Small}}",
		  "-7 18446744073709551615 1.5 1e+21 1e-05" },
		{ "{{.Args}}", "[-g daemon off;]" },
		{ "{{.Config.Labels}}", "map[a.b:one plain:two]" },
		{ "{{.Config.Labels.plain}}", "two" },
		{ "{{.Config.Labels.other}}", "<no value>" },
		{ "{{.Config.Cmd}}", "<no value>" },
		{ "{{.Nested}}", "[[1 2] [] [<nil>]]" },
		{ "{{.Nothing}}{{.Empty}}", "[]" },
		{ "{{.Mounts}}", "[map[RW:true Source:/src] map[RW:false Source:/two]]" },
		{ "{{$.Name}}", "/web" },
		{ "{{.NetworkSettings.Networks.bridge.IPAddress}}", "10.0.0.2" },
	};

	check(all, ARRAY_LEN(all));
}

TEST(as_people_write_them)
{
	static const struct sample all[] = {
		{ "{{json .Config.Labels}}", "{\"a.b\":\"one\",\"plain\":\"two\"}" },
		{ "{{json .Args}}", "[\"-g\",\"daemon off;\"]" },
		{ "{{json .Name}} {{json .Neg}} {{json .State.Running}} {{json "
		  ".Config.Cmd}}",
		  "\"/web\" -7 true null" },
		{ "{{range .Mounts}}{{.Source}}{{end}}", "/src/two" },
		{ "{{range .Mounts}}{{.Source}}:{{$.Name}}\n{{end}}",
		  "/src:/web\n/two:/web\n" },
		{ "{{println .SecurityOptions}}",
		  "[name=seccomp,profile=builtin name=rootless]\n" },
		{ "{{range .SecurityOptions}}{{println .}}{{end}}",
		  "name=seccomp,profile=builtin\nname=rootless\n" },
		{ "{{range $k, $v := .NetworkSettings.Ports}}{{$k}} -> "
		  "{{if $v}}{{(index $v 0).HostPort}}{{else}}-{{end}};{{end}}",
		  "443/tcp -> -;80/tcp -> 8080;" },
		{ "{{(index (index .NetworkSettings.Ports \"80/tcp\") 0).HostPort}}",
		  "8080" },
		{ "{{if eq .State.Status \"running\"}}up{{else}}down{{end}}", "up" },
		{ "{{if eq .State.Status \"exited\"}}a{{else if "
		  ".State.Running}}b{{else}}c{{end}}",
		  "b" },
		{ "{{index .Config.Labels \"a.b\"}}", "one" },
		{ "{{index .Config.Labels \"none\"}}", "" },
		{ "{{printf \"%.12s\" .Id}}", "0123456789ab" },
		{ "{{slice .Id 0 12}}", "0123456789ab" },
		{ "{{.Id | printf \"%.4s\"}}", "0123" },
		{ "{{truncate .Id 3}}", "012" },
		{ "{{len .Mounts}}", "2" },
		{ "{{join .Args \",\"}}", "-g,daemon off;" },
		{ "{{.State.Running | not}}", "false" },
		{ "{{.Name | upper | printf \"%q\"}}", "\"/WEB\"" },
		{ "{{range $i, $e := .Config.Env}}{{if $i}},{{end}}{{$e}}{{end}}",
		  "A=1,B=2" },
		{ "{{range $e := .Config.Env}}[{{$e}}]{{end}}", "[A=1][B=2]" },
		{ "{{range .Config.Cmd}}x{{else}}none{{end}}", "none" },
		{ "{{with .Config}}{{.Image}}{{end}}{{with "
		  ".Config.Cmd}}x{{else}}y{{end}}",
		  "nginx:latesty" },
		{ "{{with $x := .State}}{{$x.Pid}}{{end}}", "42" },
		{ "{{split .Tags \":\"}} {{index (split .Tags \":\") 1}}", "[x y z] y" },
		{ "{{json (split .Tags \":\")}}", "[\"x\",\"y\",\"z\"]" },
		{ "{{title \"hello big world\"}} {{lower \"ABC\"}} {{upper .Tags}}",
		  "Hello Big World abc X:Y:Z" },
		{ "[{{pad \"x\" 1 2}}]", "[ x  ]" },
		{ "{{$n := len .Args}}{{$n}}{{$n = 7}}{{$n}}", "27" },
		{ "{{range .Mounts}}{{if .RW}}{{continue}}{{end}}{{.Source}}{{end}}",
		  "/two" },
		{ "{{range .Mounts}}{{.Source}}{{break}}{{end}}", "/src" },
		{ "{{/* comment */}}a{{- /* b */ -}} c", "ac" },
		{ "a  {{- .State.Pid -}}  \n b", "a42b" },
		{ "{{.Name}}\t{{.State.Pid}}", "/web\t42" },
	};

	check(all, ARRAY_LEN(all));
}

TEST(logic)
{
	static const struct sample all[] = {
		{ "{{eq 1 1}}{{eq 1 2}}{{eq 1 2 3 1}}", "truefalsetrue" },
		{ "{{ne \"a\" \"b\"}}", "true" },
		{ "{{lt 1 2}}{{le 2 2}}{{gt .State.Pid 41}}{{ge 1.5 .Float}}",
		  "truetruetruetrue" },
		{ "{{lt \"a\" \"b\"}}{{gt \"ab\" \"a\"}}", "truetrue" },
		{ "{{eq .Config.Cmd nil}}{{ne .Name nil}}", "truetrue" },
		{ "{{and 1 0 2}}{{and 1 2}}{{or 0 3 4}}{{or 0 \"\"}}", "023" },
		{ "{{if and .Config.Cmd .Config.Cmd.Missing}}x{{else}}short{{end}}",
		  "short" },
		{ "{{if or .Name .Config.Cmd.Missing}}short{{end}}", "short" },
		{ "{{not 0}}{{not \"x\"}}", "truefalse" },
		{ "{{if .Empty}}a{{end}}{{if .Nothing}}b{{end}}{{if "
		  ".RestartCount}}c{{end}}d",
		  "d" },
		{ "{{lt .Neg .Huge}}{{gt .Huge 5}}{{eq .Huge .Huge}}", "truetruetrue" },
		{ "{{len \"abc\"}}{{len .Config.Labels}}{{len .Config.Cmd}}", "320" },
		{ "{{if (and (gt .State.Pid 1) (lt .State.Pid 100))}}in{{end}}", "in" },
	};

	check(all, ARRAY_LEN(all));
}

TEST(literals)
{
	static const struct sample all[] = {
		{ "{{\"a\\tb\\\"\\\\\\x41\\u00e9\\U0001F600\\101\"}}",
		  "a\tb\"\\A\xc3\xa9\xf0\x9f\x98\x80"
		  "A" },
		{ "{{`raw \"\\n`}}", "raw \"\\n" },
		{ "{{'a'}} {{'\\n'}} {{'\xc3\xa9'}} {{'\\''}}", "97 10 233 39" },
		{ "{{1}} {{-2}} {{+3}} {{0x1F}} {{0b101}} {{0o17}} {{017}} {{1_000}}",
		  "1 -2 3 31 5 15 15 1000" },
		{ "{{1.5}} {{.5}} {{1e3}} {{-2.5e-3}} {{100000000000000000000.0}} "
		  "{{1e21}}",
		  "1.5 0.5 1000 -0.0025 100000000000000000000 1e+21" },
		{ "{{true}} {{false}}", "true false" },
		{ "{{-9223372036854775808}} {{9223372036854775807}}",
		  "-9223372036854775808 9223372036854775807" },
	};

	check(all, ARRAY_LEN(all));
}

TEST(printf_verbs)
{
	static const struct sample all[] = {
		{ "{{printf \"%d|%5d|%-5d|%05d|%+d|%x|%X|%#x|%o|%b|%c|%U\" 42 42 42 42 "
		  "42 42 42 42 8 5 65 233}}",
		  "42|   42|42   |00042|+42|2a|2A|0x2a|10|101|A|U+00E9" },
		{ "{{printf \"%s|%10s|%-6s|%.2s|%q|%x|%v\" \"hey\" \"hey\" \"hey\" "
		  "\"hey\" \"hey\" \"hey\" \"hey\"}}",
		  "hey|       hey|hey   |he|\"hey\"|686579|hey" },
		{ "{{printf \"%f|%.2f|%8.3f|%e|%g|%v|%06.1f\" 1.5 1.5 1.5 1.5 1.5 1.5 "
		  "-1.5}}",
		  "1.500000|1.50|   1.500|1.500000e+00|1.5|1.5|-001.5" },
		{ "{{printf \"%t %v %5t\" true false true}}", "true false  true" },
		{ "{{printf \"%v %s\" .Args .Args}}",
		  "[-g daemon off;] [-g daemon off;]" },
		{ "{{printf \"%q %d\" .Args .Args}}",
		  "[\"-g\" \"daemon off;\"] [%!d(string=-g) %!d(string=daemon off;)]" },
		{ "{{printf \"%v\" .Config.Labels}}", "map[a.b:one plain:two]" },
		{ "{{printf \"%v %s\" .Config.Cmd .Config.Cmd}}", "<nil> %!s(<nil>)" },
		{ "{{printf \"%d\" \"x\"}}", "%!d(string=x)" },
		{ "{{printf \"%s\" 5}}", "%!s(int=5)" },
		{ "{{printf \"%d %d\" 1}}", "1 %!d(MISSING)" },
		{ "{{printf \"%d\" 1 2 \"x\"}}", "1%!(EXTRA int=2, string=x)" },
		{ "{{printf \"100%%\"}}", "100%" },
		{ "{{printf \"%\"}}", "%!(NOVERB)" },
		{ "{{printf \"%z\" 1}}", "%!z(int=1)" },
		{ "{{printf \"%*d|%-*d|\" 4 7 4 7}}", "   7|7   |" },
		{ "{{printf \"%T %T %T\" 1 \"\" .Mounts}}", "int string []interface {}" },
		{ "{{printf \"%5s|%.3s\" .Uni .Uni}}",
		  "h\xc3\xa9llo w\xc3\xb6rld|h\xc3\xa9l" },
		{ "{{printf \"%13s|\" .Uni}}", "  h\xc3\xa9llo w\xc3\xb6rld|" },
		{ "{{print 1 2 \"a\" 3 \"b\" \"c\"}}", "1 2a3bc" },
		{ "{{print .Config.Cmd}}", "<nil>" },
		{ "{{print \"a\" 1 2 true}}", "a1 2 true" },
		{ "{{println 1 \"a\"}}{{println}}", "1 a\n\n" },
		{ "{{print print}}", "" },
	};

	check(all, ARRAY_LEN(all));
}

TEST(parse_errors)
{
	static const struct sample all[] = {
		{ "{{.Foo", ":1: unclosed action" },
		{ "{{", ":1: unclosed action" },
		{ "x {{- ", ":1: unclosed action" },
		{ "{{.Foo}", ":1: unexpected \"}\" in operand" },
		{ "{{}}", ":1: missing value for command" },
		{ "{{if}}{{end}}", ":1: missing value for if" },
		{ "{{range }}{{end}}", ":1: missing value for range" },
		{ "a\n{{end}}", ":2: unexpected {{end}}" },
		{ "{{else}}", ":1: unexpected {{else}}" },
		{ "{{if .A}}", ":1: unexpected EOF" },
		{ "{{if .A}}{{else}}{{else}}{{end}}",
		  ":1: expected end; found {{else}}" },
		{ "{{foo}}", ":1: function \"foo\" not defined" },
		{ "{{.A | foo}}", ":1: function \"foo\" not defined" },
		{ "{{$x}}", ":1: undefined variable \"$x\"" },
		{ "{{if $x := 1}}{{end}}{{$x}}", ":1: undefined variable \"$x\"" },
		{ "{{$x = 1}}", ":1: undefined variable \"$x\"" },
		{ "{{\"abc}}", ":1: unterminated quoted string" },
		{ "{{`abc}}", ":1: unterminated raw quoted string" },
		{ "{{'a}}", ":1: unterminated character constant" },
		{ "{{/* x }}", ":1: unclosed comment" },
		{ "{{(.A}}", ":1: unclosed left paren" },
		{ "{{.A)}}", ":1: unexpected right paren" },
		{ "{{.A | }}", ":1: missing value for command" },
		{ "{{.A | 1}}", ":1: non executable command in pipeline stage 2" },
		{ "{{1a}}", ":1: bad number syntax" },
		{ "{{\"\\q\"}}", ":1: invalid syntax" },
		{ "{{break}}", ":1: {{break}} outside {{range}}" },
		{ "{{template \"x\"}}", ":1: {{template}} is not supported" },
		{ "{{.A..B}}", ":1: unexpected . after term \".A\"" },
		{ "{{nil.A}}", ":1: unexpected . after term \"nil.A\"" },
		{ "{{%}}", ":1: unexpected \"%\" in operand" },
		{ "{{\"a\"\"b\"}}", ":1: unexpected \"\"\" in operand" },
		{ "{{with .A}}{{else if .B}}{{end}}", ":1: unexpected else in with" },
	};

	check_errors(all, ARRAY_LEN(all));
}

TEST(run_errors)
{
	static const struct sample all[] = {
		{ "{{.Foo}}",
		  ":1:2: executing \"\" at <.Foo>: can't evaluate field Foo in type "
		  "map[string]interface {}" },
		{ "ab\n  {{.State.Foo}}", ":2:4: executing \"\" at <.State.Foo>: can't "
					  "evaluate field Foo in type "
					  "map[string]interface {}" },
		{ "{{.Name.Foo}}", ":1:2: executing \"\" at <.Name.Foo>: can't evaluate "
				   "field Foo in type string" },
		{ "{{.State.Health.Status}}",
		  ":1:2: executing \"\" at <.State.Health.Status>: nil pointer "
		  "evaluating "
		  "interface {}.Status" },
		{ "{{.NetworkSettings.Networks.bridge.Nothing}}",
		  ":1:2: executing \"\" at <.NetworkSettings.Net...>: can't evaluate "
		  "field "
		  "Nothing in type map[string]interface {}" },
		{ "{{index .Args 5}}", ":1:2: executing \"\" at <index .Args 5>: error "
				       "calling index: index out of "
				       "range: 5" },
		{ "{{index .Config.Cmd 0}}", ":1:2: executing \"\" at <index .Config.Cmd "
					     "0>: error calling index: index of "
					     "untyped nil" },
		{ "{{len 3}}",
		  ":1:2: executing \"\" at <len 3>: error calling len: len of type int" },
		{ "{{eq 1 \"1\"}}", ":1:2: executing \"\" at <eq 1 \"1\">: error calling "
				    "eq: incompatible types "
				    "for comparison" },
		{ "{{lt true false}}", ":1:2: executing \"\" at <lt true false>: error "
				       "calling lt: invalid type for "
				       "comparison" },
		{ "{{eq .Args .Args}}", ":1:2: executing \"\" at <eq .Args .Args>: error "
					"calling eq: non-comparable "
					"type []interface {}" },
		{ "{{range 3}}{{end}}",
		  ":1:8: executing \"\" at <3>: range can't iterate over int" },
		{ "{{.Name 1}}", ":1:2: executing \"\" at <.Name>: Name has arguments "
				 "but cannot be invoked as "
				 "function" },
		{ "{{1 2}}",
		  ":1:2: executing \"\" at <1>: can't give argument to non-function 1" },
		{ "{{len}}", ":1:2: executing \"\" at <len>: wrong number of args for "
			     "len: want 1 got 0" },
		{ "{{slice .Id 5 2}}", ":1:2: executing \"\" at <slice .Id 5 2>: error "
				       "calling slice: invalid slice "
				       "index: 5 > 2" },
		{ "{{join .Name \",\"}}", ":1:2: executing \"\" at <join .Name \",\">: "
					  "error calling join: wrong type for "
					  "value; expected []string; got string" },
	};

	check_errors(all, ARRAY_LEN(all));
}

TEST(labels_of_rows)
{
	static const char row[] = "{\"ID\":\"1\",\"Labels\":\"a.b=one,c=two=2\"}";
	autobuf out = { 0 };
	struct err e = { 0 };

	CHECK_INT(run(row, "{{.Label \"a.b\"}}|{{.Label \"c\"}}|{{.Label \"d\"}}", &out,
		      &e),
		  0);
	CHECK_STR(buf_str(&out), "one|two=2|");
}

TEST(json_word)
{
	autobuf out = { 0 };
	struct err e = { 0 };

	CHECK_INT(run("{\"a\":[1,\"<&>\"]}", "json", &out, &e), 0);
	CHECK_STR(buf_str(&out), "{\"a\":[1,\"<&>\"]}");
}

TEST(headers)
{
	static const char text[] =
		"{{.ID}}\t{{upper .Name}}\t{{.Label \"com.x.my-key\"}}\t"
		"{{json .Name}}{{truncate .ID 3}}";
	static const char json[] = "{\"ID\":\"CONTAINER ID\",\"Name\":\"names\"}";
	autojson *doc = NULL;
	struct format *f = NULL;
	autobuf out = { 0 };
	struct err e = { 0 };

	CHECK_INT(json_parse(json, sizeof(json) - 1, "test", &doc, &e), 0);
	CHECK_INT(format_new(text, &f, &e), 0);
	CHECK_INT(format_run_header(f, yyjson_doc_get_root(doc), &out, &e), 0);
	CHECK_STR(buf_str(&out), "CONTAINER ID\tnames\tmy key\tnamesCONTAINER ID");
	format_free(f);
}

/* What a template may cost is bounded. */
TEST(limits)
{
	autobuf json = { 0 };
	autobuf out = { 0 };
	autobuf deep = { 0 };
	struct err e = { 0 };

	buf_adds(&json, "{\"L\":[");
	for (int i = 0; i < 200; i++)
		buf_addf(&json, "%s%d", i ? "," : "", i);
	buf_adds(&json, "]}");
	CHECK_INT(run(buf_str(&json),
		      "{{range .L}}{{range $.L}}{{range $.L}}{{range "
		      "$.L}}{{end}}{{end}}{{end}}"
		      "{{end}}",
		      &out, &e),
		  -E2BIG);
	CHECK_INT(run(buf_str(&json),
		      "{{range .L}}{{range $.L}}{{pad \"x\" 99999 9}}{{end}}{{end}}",
		      &out, &e),
		  -E2BIG);
	CHECK_INT(run(buf_str(&json), "{{printf \"%999999999d\" 1}}", &out, &e), 0);
	for (int i = 0; i < 100; i++)
		buf_adds(&deep, "{{if .L}}");
	CHECK_INT(run("{\"L\":1}", buf_str(&deep), &out, &e), -EINVAL);
	buf_reset(&deep);
	buf_adds(&deep, "{{");
	for (int i = 0; i < 100; i++)
		buf_adds(&deep, "(");
	CHECK_INT(run("{\"L\":1}", buf_str(&deep), &out, &e), -EINVAL);
	buf_reset(&deep);
	for (int i = 0; i < 70000; i++)
		buf_addc(&deep, 'x');
	CHECK_INT(run("{}", buf_str(&deep), &out, &e), -E2BIG);
	buf_reset(&deep);
	for (int i = 0; i < 70; i++)
		buf_addf(&deep, "{{$v%d := 1}}", i);
	CHECK_INT(run("{}", buf_str(&deep), &out, &e), -EINVAL);
}
