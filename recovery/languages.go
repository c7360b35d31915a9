package recovery

// builtIn are the languages of the default pages. They speak of an e-mail, since
// that is where the visitor comes from, and warn those who do not. The hyphen in
// that word (U+2011) is one at which no line ends.
var builtIn = map[string]Texts{
	"en": {
		ConfirmTitle: "Open your saved cart?",
		ConfirmText: "The cart from your e‑mail is ready. If you have another cart here, it takes its place. " +
			"If you did not click a link in an e‑mail from us, continue without it.",
		ConfirmYes:       "Open the cart from the e‑mail",
		ConfirmNo:        "Continue without it",
		ConflictTitle:    "Which cart do you want?",
		ConflictText:     "You already have something in your cart. The cart from your e‑mail would take its place.",
		ConflictYes:      "Use the cart from the e‑mail",
		ConflictNo:       "Keep my present cart",
		OwnCart:          "Your present cart",
		LinkedCart:       "The cart from your e‑mail",
		Total:            "Total",
		UnavailableTitle: "Your cart cannot be opened right now",
		UnavailableText: "Your cart is still there, but we cannot open it just now. Nothing has changed. " +
			"Please try again in a moment.",
		UnavailableRetry: "Try again",
		CrossSiteTitle:   "Nothing was opened",
		CrossSiteText: "This was asked for by another site, so nothing was done. " +
			"To open your cart, use the link in your e‑mail.",
		NotFoundTitle:         "Page not found",
		NotFoundText:          "There is no such page. To open your cart, use the link in your e‑mail.",
		MethodNotAllowedTitle: "That does not work here",
		MethodNotAllowedText:  "To open your cart, use the link in your e‑mail.",
	},
	"sv": {
		ConfirmTitle: "Vill du öppna din sparade varukorg?",
		ConfirmText: "Varukorgen från mejlet är redo. Om du har en annan varukorg här ersätts den. " +
			"Har du inte klickat på en länk i ett mejl från oss kan du fortsätta utan den.",
		ConfirmYes:       "Öppna varukorgen från mejlet",
		ConfirmNo:        "Fortsätt utan den",
		ConflictTitle:    "Vilken varukorg vill du ha?",
		ConflictText:     "Du har redan varor i varukorgen. Väljer du varukorgen från mejlet ersätts de.",
		ConflictYes:      "Använd varukorgen från mejlet",
		ConflictNo:       "Behåll min nuvarande varukorg",
		OwnCart:          "Din nuvarande varukorg",
		LinkedCart:       "Varukorgen från mejlet",
		Total:            "Totalt",
		UnavailableTitle: "Din varukorg kan inte öppnas just nu",
		UnavailableText: "Varukorgen finns kvar, men vi kan inte öppna den just nu. Inget har ändrats. " +
			"Försök igen om en liten stund.",
		UnavailableRetry: "Försök igen",
		CrossSiteTitle:   "Inget öppnades",
		CrossSiteText: "Begäran kom från en annan webbplats, så inget har hänt. " +
			"Använd länken i mejlet för att öppna din varukorg.",
		NotFoundTitle:         "Sidan finns inte",
		NotFoundText:          "Den här sidan finns inte. Använd länken i mejlet för att öppna din varukorg.",
		MethodNotAllowedTitle: "Det fungerar inte här",
		MethodNotAllowedText:  "Använd länken i mejlet för att öppna din varukorg.",
	},
	"nb": {
		ConfirmTitle: "Vil du åpne den lagrede handlekurven?",
		ConfirmText: "Handlekurven fra e‑posten er klar. Hvis du har en annen handlekurv her, blir den erstattet. " +
			"Har du ikke klikket på en lenke i en e‑post fra oss, kan du fortsette uten den.",
		ConfirmYes:       "Åpne handlekurven fra e‑posten",
		ConfirmNo:        "Fortsett uten den",
		ConflictTitle:    "Hvilken handlekurv vil du ha?",
		ConflictText:     "Du har allerede varer i handlekurven. Velger du handlekurven fra e‑posten, blir de erstattet.",
		ConflictYes:      "Bruk handlekurven fra e‑posten",
		ConflictNo:       "Behold den nåværende handlekurven",
		OwnCart:          "Din nåværende handlekurv",
		LinkedCart:       "Handlekurven fra e‑posten",
		Total:            "Totalt",
		UnavailableTitle: "Handlekurven kan ikke åpnes akkurat nå",
		UnavailableText: "Handlekurven din finnes fortsatt, men vi kan ikke åpne den akkurat nå. Ingenting er endret. " +
			"Prøv igjen om en liten stund.",
		UnavailableRetry: "Prøv igjen",
		CrossSiteTitle:   "Ingenting ble åpnet",
		CrossSiteText: "Forespørselen kom fra et annet nettsted, så ingenting er gjort. " +
			"Bruk lenken i e‑posten for å åpne handlekurven.",
		NotFoundTitle:         "Siden finnes ikke",
		NotFoundText:          "Denne siden finnes ikke. Bruk lenken i e‑posten for å åpne handlekurven.",
		MethodNotAllowedTitle: "Det går ikke her",
		MethodNotAllowedText:  "Bruk lenken i e‑posten for å åpne handlekurven.",
	},
	"da": {
		ConfirmTitle: "Vil du åbne din gemte kurv?",
		ConfirmText: "Kurven fra din e‑mail er klar. Hvis du har en anden kurv her, bliver den erstattet. " +
			"Har du ikke klikket på et link i en e‑mail fra os, så fortsæt uden den.",
		ConfirmYes:       "Åbn kurven fra e‑mailen",
		ConfirmNo:        "Fortsæt uden den",
		ConflictTitle:    "Hvilken kurv vil du have?",
		ConflictText:     "Du har allerede varer i kurven. Vælger du kurven fra e‑mailen, bliver de erstattet.",
		ConflictYes:      "Brug kurven fra e‑mailen",
		ConflictNo:       "Behold min nuværende kurv",
		OwnCart:          "Din nuværende kurv",
		LinkedCart:       "Kurven fra e‑mailen",
		Total:            "I alt",
		UnavailableTitle: "Din kurv kan ikke åbnes lige nu",
		UnavailableText: "Din kurv findes stadig, men vi kan ikke åbne den lige nu. Intet er ændret. " +
			"Prøv igen om lidt.",
		UnavailableRetry: "Prøv igen",
		CrossSiteTitle:   "Intet blev åbnet",
		CrossSiteText: "Anmodningen kom fra et andet websted, så der er ikke sket noget. " +
			"Brug linket i e‑mailen for at åbne din kurv.",
		NotFoundTitle:         "Siden findes ikke",
		NotFoundText:          "Denne side findes ikke. Brug linket i e‑mailen for at åbne din kurv.",
		MethodNotAllowedTitle: "Det kan ikke lade sig gøre her",
		MethodNotAllowedText:  "Brug linket i e‑mailen for at åbne din kurv.",
	},
	"fi": {
		ConfirmTitle: "Avataanko tallennettu ostoskori?",
		ConfirmText: "Sähköpostissa saamasi ostoskori on valmiina. Jos sinulla on täällä toinen ostoskori, se korvataan. " +
			"Jos et ole klikannut meiltä tulleen sähköpostin linkkiä, jatka ilman sitä.",
		ConfirmYes:       "Avaa sähköpostin ostoskori",
		ConfirmNo:        "Jatka ilman sitä",
		ConflictTitle:    "Kumman ostoskorin haluat?",
		ConflictText:     "Ostoskorissasi on jo tuotteita. Jos valitset sähköpostin ostoskorin, ne korvataan.",
		ConflictYes:      "Käytä sähköpostin ostoskoria",
		ConflictNo:       "Säilytä nykyinen ostoskori",
		OwnCart:          "Nykyinen ostoskorisi",
		LinkedCart:       "Sähköpostin ostoskori",
		Total:            "Yhteensä",
		UnavailableTitle: "Ostoskoria ei voi avata juuri nyt",
		UnavailableText: "Ostoskorisi on tallessa, mutta emme voi avata sitä juuri nyt. Mitään ei ole muutettu. " +
			"Yritä hetken kuluttua uudelleen.",
		UnavailableRetry: "Yritä uudelleen",
		CrossSiteTitle:   "Mitään ei avattu",
		CrossSiteText: "Pyyntö tuli toiselta sivustolta, joten mitään ei tehty. " +
			"Avaa ostoskorisi sähköpostissa olevasta linkistä.",
		NotFoundTitle:         "Sivua ei löydy",
		NotFoundText:          "Tällaista sivua ei ole. Avaa ostoskorisi sähköpostissa olevasta linkistä.",
		MethodNotAllowedTitle: "Tämä ei onnistu täällä",
		MethodNotAllowedText:  "Avaa ostoskorisi sähköpostissa olevasta linkistä.",
	},
	"de": {
		ConfirmTitle: "Gespeicherten Warenkorb öffnen?",
		ConfirmText: "Der Warenkorb aus Ihrer E‑Mail steht bereit. Falls Sie hier einen anderen Warenkorb haben, " +
			"wird er ersetzt. Wenn Sie keinen Link in einer E‑Mail von uns angeklickt haben, fahren Sie ohne ihn fort.",
		ConfirmYes:    "Warenkorb aus der E‑Mail öffnen",
		ConfirmNo:     "Ohne diesen Warenkorb fortfahren",
		ConflictTitle: "Welchen Warenkorb möchten Sie?",
		ConflictText: "In Ihrem Warenkorb liegen bereits Artikel. Wenn Sie den Warenkorb aus der E‑Mail wählen, " +
			"ersetzt er den aktuellen.",
		ConflictYes:      "Warenkorb aus der E‑Mail verwenden",
		ConflictNo:       "Aktuellen Warenkorb behalten",
		OwnCart:          "Ihr aktueller Warenkorb",
		LinkedCart:       "Der Warenkorb aus der E‑Mail",
		Total:            "Gesamtsumme",
		UnavailableTitle: "Ihr Warenkorb lässt sich gerade nicht öffnen",
		UnavailableText: "Ihr Warenkorb ist noch da, aber wir können ihn im Moment nicht öffnen. " +
			"Es hat sich nichts geändert. Bitte versuchen Sie es gleich noch einmal.",
		UnavailableRetry: "Erneut versuchen",
		CrossSiteTitle:   "Es wurde nichts geöffnet",
		CrossSiteText: "Die Anfrage kam von einer anderen Website, deshalb ist nichts geschehen. " +
			"Öffnen Sie Ihren Warenkorb über den Link in Ihrer E‑Mail.",
		NotFoundTitle:         "Seite nicht gefunden",
		NotFoundText:          "Diese Seite gibt es nicht. Öffnen Sie Ihren Warenkorb über den Link in Ihrer E‑Mail.",
		MethodNotAllowedTitle: "Das geht hier nicht",
		MethodNotAllowedText:  "Öffnen Sie Ihren Warenkorb über den Link in Ihrer E‑Mail.",
	},
	"nl": {
		ConfirmTitle: "Je bewaarde winkelwagen openen?",
		ConfirmText: "De winkelwagen uit je e‑mail staat klaar. Als je hier een andere winkelwagen hebt, " +
			"wordt die vervangen. Heb je niet op een link in een e‑mail van ons geklikt? Ga dan verder zonder deze winkelwagen.",
		ConfirmYes:    "Winkelwagen uit de e‑mail openen",
		ConfirmNo:     "Verder zonder deze winkelwagen",
		ConflictTitle: "Welke winkelwagen wil je?",
		ConflictText: "Er zit al iets in je winkelwagen. " +
			"Als je de winkelwagen uit de e‑mail kiest, vervangt die je huidige.",
		ConflictYes:      "Winkelwagen uit de e‑mail gebruiken",
		ConflictNo:       "Mijn huidige winkelwagen behouden",
		OwnCart:          "Je huidige winkelwagen",
		LinkedCart:       "De winkelwagen uit de e‑mail",
		Total:            "Totaal",
		UnavailableTitle: "Je winkelwagen kan nu niet worden geopend",
		UnavailableText: "Je winkelwagen is er nog, maar we kunnen hem nu niet openen. Er is niets veranderd. " +
			"Probeer het zo meteen opnieuw.",
		UnavailableRetry: "Opnieuw proberen",
		CrossSiteTitle:   "Er is niets geopend",
		CrossSiteText: "Dit verzoek kwam van een andere website, dus er is niets gebeurd. " +
			"Open je winkelwagen met de link in je e‑mail.",
		NotFoundTitle:         "Pagina niet gevonden",
		NotFoundText:          "Deze pagina bestaat niet. Open je winkelwagen met de link in je e‑mail.",
		MethodNotAllowedTitle: "Dat werkt hier niet",
		MethodNotAllowedText:  "Open je winkelwagen met de link in je e‑mail.",
	},
	"fr": {
		ConfirmTitle: "Ouvrir votre panier enregistré\u202f?",
		ConfirmText: "Le panier de votre e‑mail est prêt. Si vous avez un autre panier ici, il sera remplacé. " +
			"Si vous n’avez pas cliqué sur un lien dans un e‑mail de notre part, continuez sans ce panier.",
		ConfirmYes:    "Ouvrir le panier de l’e‑mail",
		ConfirmNo:     "Continuer sans ce panier",
		ConflictTitle: "Quel panier souhaitez-vous\u202f?",
		ConflictText: "Il y a déjà des articles dans votre panier. Si vous choisissez celui de l’e‑mail, " +
			"il remplacera votre panier actuel.",
		ConflictYes:      "Utiliser le panier de l’e‑mail",
		ConflictNo:       "Garder mon panier actuel",
		OwnCart:          "Votre panier actuel",
		LinkedCart:       "Le panier de l’e‑mail",
		Total:            "Total",
		UnavailableTitle: "Impossible d’ouvrir votre panier pour le moment",
		UnavailableText: "Votre panier est toujours là, mais nous ne pouvons pas l’ouvrir pour le moment. " +
			"Rien n’a changé. Veuillez réessayer dans un instant.",
		UnavailableRetry: "Réessayer",
		CrossSiteTitle:   "Rien n’a été ouvert",
		CrossSiteText: "Cette demande venait d’un autre site, rien n’a donc été fait. " +
			"Pour ouvrir votre panier, utilisez le lien de votre e‑mail.",
		NotFoundTitle:         "Page introuvable",
		NotFoundText:          "Cette page n’existe pas. Pour ouvrir votre panier, utilisez le lien de votre e‑mail.",
		MethodNotAllowedTitle: "Cela ne fonctionne pas ici",
		MethodNotAllowedText:  "Pour ouvrir votre panier, utilisez le lien de votre e‑mail.",
	},
}
