package discordsim

func (s *Sim) getMe(*request) (answer, *failure) {
	n := s.wireUser(s.BotUser)
	n["verified"], n["email"], n["flags"], n["mfa_enabled"], n["locale"] = true, nil, 0, false, "en-US"
	return ok(n)
}

func (s *Sim) getUser(r *request) (answer, *failure) {
	if _, found := s.users[r.arg("user")]; !found {
		return answer{}, fail(10013)
	}
	return ok(s.wireUser(r.arg("user")))
}

// getApplication: https://docs.discord.com/developers/resources/application#application-object
func (s *Sim) getApplication(*request) (answer, *failure) {
	return ok(node{"id": s.ApplicationID, "name": s.BotName, "icon": nil, "description": "", "bot_public": false,
		"bot_require_code_grant": false, "verify_key": s.publicKey(), "flags": s.applicationFlags(), "bot": s.wireUser(s.BotUser),
		"owner": s.wireUser(itself), "team": nil, "install_params": node{"scopes": s.Scopes, "permissions": s.Permissions.wire()}})
}

// applicationFlags say which privileged intents a small application has switched on:
// https://docs.discord.com/developers/resources/application#application-object-application-flags
func (s *Sim) applicationFlags() int {
	flags := 0
	for intent, flag := range map[Intent]int{GuildPresences: 1 << 13, GuildMembers: 1 << 15, MessageContent: 1 << 19} {
		if s.Privileged&intent != 0 {
			flags |= flag
		}
	}
	return flags
}

// openDM: https://docs.discord.com/developers/resources/user#create-dm
func (s *Sim) openDM(r *request) (answer, *failure) {
	user := r.body.str("recipient_id")
	switch u, found := s.users[user]; {
	case user == "":
		return answer{}, wrong("recipient_id", "BASE_TYPE_REQUIRED", "This field is required")
	case !found:
		return answer{}, fail(10013)
	case u.Bot:
		return answer{}, fail(50007)
	}
	return ok(s.wireChannel(s.channels[s.dm(user)]))
}

// guild returns the guild that a call is about, if the bot is in it.
func (s *Sim) guild(r *request) (Guild, *failure) {
	g, found := s.guilds[r.arg("guild")]
	switch {
	case !found:
		return g, fail(10004)
	case g.Absent:
		return g, fail(50001)
	}
	return g, nil
}

func (s *Sim) getGuild(r *request) (answer, *failure) {
	g, problem := s.guild(r)
	if problem != nil {
		return answer{}, problem
	}
	return ok(s.wireGuild(g))
}

func (s *Sim) getRoles(r *request) (answer, *failure) {
	g, problem := s.guild(r)
	if problem != nil {
		return answer{}, problem
	}
	return ok(s.wireGuild(g)["roles"])
}

func (s *Sim) getChannels(r *request) (answer, *failure) {
	g, problem := s.guild(r)
	if problem != nil {
		return answer{}, problem
	}
	list := []node{}
	for _, c := range s.channelsOf(g.ID) {
		list = append(list, s.wireChannel(c))
	}
	return ok(list)
}

func (s *Sim) getMember(r *request) (answer, *failure) {
	g, problem := s.guild(r)
	if problem != nil {
		return answer{}, problem
	}
	user := r.arg("user")
	if _, known := s.users[user]; !known {
		return answer{}, fail(10013)
	}
	m, is := s.members[memberKey{g.ID, user}]
	if !is {
		return answer{}, fail(10007)
	}
	return ok(s.wireFullMember(m))
}
